/** What one client of ours leaves to the next. */
export interface Legacy {
  /** One of its writes was cut off. */
  readonly inDoubt: boolean;
  /** When the registry last showed it that the entry is ours. */
  readonly seenAt?: number | undefined;
  readonly roundTripMs?: number | undefined;
}
