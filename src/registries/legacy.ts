/** What one client of ours leaves to the next. */
export interface Legacy {
  /** One of its writes was cut off. */
  readonly inDoubt: boolean;
  /** What it knew of the entry, for a client of the same registry. */
  readonly receipt?: unknown;
  readonly roundTripMs?: number | undefined;
}
