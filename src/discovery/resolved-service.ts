import type { Picked } from '../balancing/picked.js';
import type { Call } from '../balancing/run-call.js';
import type { ServiceEvents, ServiceSnapshot } from '../contracts/service-snapshot.js';
import type { Duration } from '../core/duration.js';

/** How long to wait, and what ends the wait early. */
export interface WaitOptions {
  /** @default '5s' */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

/** How to call, and when to give up. */
export interface RunOptions {
  /** Of the whole call. @default no limit */
  readonly timeout?: Duration;
  /** Of each attempt; the next one then goes to another instance, if the call is idempotent. @default no limit */
  readonly attemptTimeout?: Duration;
  /**
   * The call may arrive twice, so that it is repeated also if the first attempt may have arrived. @default as the
   * method says that an error of axios, got or ky carries, and otherwise `false`
   */
  readonly idempotent?: boolean;
  /** `false`: the call is sent once, e.g. since its body is a stream. @default true */
  readonly retry?: boolean;
  /** Ends the call; it is not repeated then. */
  readonly signal?: AbortSignal;
}

/** A service, as one caller sees it. */
export interface ResolvedService {
  readonly name: string;
  /**
   * Resolves to the first answer with an instance. Rejects with `TimeoutError`, whose message says why there is none,
   * with `StoppedError` after `close()`, or with the signal's reason. Holds the process open until then.
   */
  ready(options?: WaitOptions): Promise<ServiceSnapshot>;
  /** What is known now. Never throws and never waits. */
  snapshot(): ServiceSnapshot;
  /** The current answer, then each later one; a slow reader gets the newest only. Ends with `close()`. */
  watch(options?: Pick<WaitOptions, 'signal'>): AsyncIterableIterator<ServiceSnapshot, undefined>;
  /**
   * An instance for one call; say `done` when that has ended. Throws `NoInstanceError`. Synchronous, and cheap enough
   * for every call.
   */
  pick(): Picked;
  /**
   * Sends a call to an instance, and once more to another one if the first was not reached, or did not serve an
   * idempotent call. Settles as the last attempt did. Rejects with `NoInstanceError`, with `TimeoutError` after
   * `timeout` or `attemptTimeout`, or with the signal's reason.
   */
  run<T>(call: Call<T>, options?: RunOptions): Promise<T>;
  readonly events: {
    /** Calls `listener` at every `event` until the returned function is called. */
    on<Name extends keyof ServiceEvents>(event: Name, listener: (payload: ServiceEvents[Name]) => void): () => void;
  };
  /** Ends the watch for all who hold this object. The last answer stays. */
  close(): void;
}
