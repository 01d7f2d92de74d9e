import type { Cursor } from './discovery.js';
import type { Credentials } from './credentials.js';

/** One look at a config source. With neither values nor a problem the source is empty. */
export interface SourceReading {
  /**
   * `{ tags, meta, weights }` as found, any of them left out. Unchecked: the Registrar checks them as it checks its options.
   */
  readonly values?: unknown;
  /** Why what is there cannot be understood, e.g. invalid JSON; safe to print. */
  readonly problem?: string;
  /** Where this reading stands. None: the source cannot wait, and the caller polls. */
  readonly cursor?: Cursor;
}

/**
 * Where tags, meta and weights come from while an instance runs. Like a registry it has verbs without loops: no timer, retry or
 * log line. It belongs to one Registrar, which closes it.
 */
export interface ConfigSource {
  /** Shown in events and logs, e.g. a path; safe to print. */
  readonly name: string;
  /** What it proves itself with, where that may be replaced while it runs. */
  readonly credentials?: Credentials | undefined;
  /** How long a held poll may go unanswered before the source is read afresh, in milliseconds: short for one that may miss a change. @default 60 s */
  readonly holdMs?: number;
  /** One read. With a cursor it is held until something changed or the source's own wait is over. Rejects when the source cannot be read. */
  poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<SourceReading>;
  /** Frees connections. */
  close(): Promise<void>;
}
