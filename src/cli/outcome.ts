/** What a command says, and how the process ends: 0, all is well; 1, problems were found; 2, it could not do its work. */
export interface Outcome {
  readonly status: 0 | 1 | 2;
  /** Lines for standard output. */
  readonly out?: readonly string[];
  /** Lines for standard error. */
  readonly err?: readonly string[];
}
