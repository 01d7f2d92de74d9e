/** Takes what a command says, line by line and as it is said; the line feed is the receiver's. */
export interface Output {
  /** A line for standard output. */
  readonly out: (line: string) => void;
  /** A line for standard error. */
  readonly err: (line: string) => void;
}

/** How the process ends: 0, all is well; 1, problems were found; 2, the command could not do its work. */
export type ExitStatus = 0 | 1 | 2;

/** One command of the program. One that runs until it is interrupted ends when `signal` aborts. Never rejects. */
export type Command = (words: readonly string[], output: Output, signal: AbortSignal) => Promise<ExitStatus>;

/** Writes all of `lines` by one function of an `Output`. */
export function writeLines(write: (line: string) => void, lines: readonly string[]): void {
  for (const line of lines) write(line);
}
