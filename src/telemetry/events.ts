import type { RegistrarEvents, EventName, Listener } from '../contracts/events.js';
import { untilNotified } from '../core/abort.js';
import { asError } from '../core/errors.js';

/** Typed events: the only way the core speaks. A listener that throws is reported and never felt by the core. */
export class Events {
  readonly #listeners = new Map<EventName, Set<Listener<never>>>();
  readonly #interest = new Map<EventName, (isListenedTo: boolean) => void>();
  readonly #onListenerError: (error: Error, event: EventName) => void;

  constructor(onListenerError: (error: Error, event: EventName) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Calls `listener` at every `event` until the returned function is called. */
  on<N extends EventName>(event: N, listener: Listener<N>): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    // A wrapper of its own, so that the same function may listen twice and each `off` ends one of them.
    const entry: Listener<N> = (payload) => listener(payload);
    listeners.add(entry);
    if (listeners.size === 1) this.#interest.get(event)?.(true);
    return () => {
      if (listeners.delete(entry) && listeners.size === 0) this.#interest.get(event)?.(false);
    };
  }

  /** Tells whether anybody listens to `event`, now and whenever that changes: what nobody hears need not be told. One for each event. */
  onInterest(event: EventName, tell: (isListenedTo: boolean) => void): void {
    this.#interest.set(event, tell);
    tell((this.#listeners.get(event)?.size ?? 0) > 0);
  }

  /** Resolves at the next `event`; rejects with the signal's reason when that aborts first. */
  next(event: EventName, signal: AbortSignal): Promise<void> {
    return untilNotified((notify) => this.on(event, notify), signal);
  }

  emit<N extends EventName>(event: N, payload: RegistrarEvents[N]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])] as Listener<N>[]) {
      try {
        const outcome: unknown = listener(payload);
        // An async listener's rejection would otherwise become the host's unhandled rejection.
        if (outcome instanceof Promise) outcome.catch((thrown: unknown) => this.#report(thrown, event));
      } catch (thrown) {
        this.#report(thrown, event);
      }
    }
  }

  #report(thrown: unknown, event: EventName): void {
    try {
      this.#onListenerError(asError(thrown), event);
    } catch {
      // A logger that throws has nowhere left to say so.
    }
  }
}
