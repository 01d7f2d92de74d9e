import type { RegistrarEvents } from '../contracts/events.js';
import { untilNotified } from '../core/abort.js';
import { asError } from '../core/errors.js';
import { presented } from '../core/presented.js';

/** A listener of one event. */
type ListenerOf<Payload> = (payload: Payload) => void;

/** Typed events, the core's only output. An error that a listener throws is reported and does not reach the core. */
export class Events<Payloads extends object = RegistrarEvents> {
  readonly #listeners = new Map<keyof Payloads, Set<ListenerOf<never>>>();
  readonly #interest = new Map<keyof Payloads, (isListenedTo: boolean) => void>();
  readonly #onListenerError: (error: Error, event: keyof Payloads) => void;

  constructor(onListenerError: (error: Error, event: keyof Payloads) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Calls `listener` at every `event` until the returned function is called. */
  on<N extends keyof Payloads>(event: N, listener: ListenerOf<Payloads[N]>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // A new wrapper per call, so that a function added twice is called twice, and each `off` removes one of the two.
    const entry: ListenerOf<Payloads[N]> = (payload) => listener(payload);
    listeners.add(entry);
    if (listeners.size === 1) this.#interest.get(event)?.(true);
    return () => {
      if (listeners.delete(entry) && listeners.size === 0) this.#interest.get(event)?.(false);
    };
  }

  /**
   * Calls `listener` at once and at each change with whether `event` has listeners. At most one `listener` per event.
   */
  onInterest(event: keyof Payloads, listener: (isListenedTo: boolean) => void): void {
    this.#interest.set(event, listener);
    listener((this.#listeners.get(event)?.size ?? 0) > 0);
  }

  /** Resolves at the next `event`; rejects with the signal's reason if it aborts first. */
  next(event: keyof Payloads, signal: AbortSignal): Promise<void> {
    return untilNotified((notify) => this.on(event, notify), signal);
  }

  /** Listeners get the payload without secrets and control characters, whatever it quotes. */
  emit<N extends keyof Payloads>(event: N, payload: Payloads[N]): void {
    const listeners = [...(this.#listeners.get(event) ?? [])] as ListenerOf<Payloads[N]>[];
    if (listeners.length === 0) return;
    const safe = presented(payload);
    for (const listener of listeners) {
      try {
        const outcome: unknown = listener(safe);
        // Otherwise the rejection of an async listener would be an unhandled rejection of the process.
        if (outcome instanceof Promise) outcome.catch((thrown: unknown) => this.#report(thrown, event));
      } catch (thrown) {
        this.#report(thrown, event);
      }
    }
  }

  #report(thrown: unknown, event: keyof Payloads): void {
    try {
      this.#onListenerError(asError(thrown), event);
    } catch {
      // Ignored: the logger itself throws.
    }
  }
}
