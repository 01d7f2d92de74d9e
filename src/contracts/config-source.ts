import type { Cursor } from './discovery.js';
import type { Credentials } from './credentials.js';

/** One reading of a config source. Without values and problem, the source is empty. */
export interface SourceReading {
  /**
   * `{ tags, meta, weights }` as read, each optional and unchecked: the Registrar validates them like its options.
   */
  readonly values?: unknown;
  /** Why the content cannot be understood, e.g. invalid JSON; safe to print. */
  readonly problem?: string;
  /** Why the source is not written yet, e.g. a file that is not there: the start waits until it is. */
  readonly pending?: string;
  /** The position of this reading. Absent: the source has no long poll, and the caller polls. */
  readonly cursor?: Cursor;
}

/**
 * A live source of tags, meta and weights. Like a registry it has verbs without loops: no timer, retry or log line. It
 * belongs to one Registrar, which closes it.
 */
export interface ConfigSource {
  /** Shown in events and logs, e.g. a path; safe to print. */
  readonly name: string;
  /** Credentials that may be replaced at run time, if any. */
  readonly credentials?: Credentials | undefined;
  /**
   * How long a long poll may stay unanswered before the source is read again, in milliseconds; short for a source
   * that may miss a change. @default 60 s
   */
  readonly holdMs?: number;
  /** Reads the source once. With a cursor it is a long poll. Rejects when the source cannot be read. */
  poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<SourceReading>;
  /** Frees connections. */
  close(): Promise<void>;
}
