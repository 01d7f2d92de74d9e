/** Where a command writes its lines as it goes; the receiver adds the line feed. */
export interface Output {
  /** Writes a line to standard output. */
  readonly out: (line: string) => void;
  /** Writes a line to standard error. */
  readonly err: (line: string) => void;
}

/** The exit status: 0 for success, 1 for problems found, 2 when the command could not do its work. */
export type ExitStatus = 0 | 1 | 2;

/** One command of the CLI. A long-running command ends when `signal` aborts. Never rejects. */
export type Command = (words: readonly string[], output: Output, signal: AbortSignal) => Promise<ExitStatus>;

/** Writes all `lines` with one function of an `Output`. */
export function writeLines(write: (line: string) => void, lines: readonly string[]): void {
  for (const line of lines) write(line);
}
