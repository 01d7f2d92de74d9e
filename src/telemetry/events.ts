import { asError } from '../errors.js';
import type { LossCause, RegistrarError } from '../errors.js';
import type { ShutdownPolicy } from '../config/options.js';
import type { ComponentHealth, Health, HealthReport } from '../health/report.js';
import type { AddressCandidate } from '../instance/address-candidates.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { RegistrarState } from '../lifecycle/states.js';
import type { MemberFigures } from '../registry/registry.js';

/** What a Registrar tells; every payload is safe to print. Times are milliseconds. */
export interface RegistrarEvents {
  /** The state changed. */
  state: { from: RegistrarState; to: RegistrarState };
  /** Decided where others reach us, before anything is registered. `address` undefined: the registry fills in its own host's. */
  address: { address: string | undefined; port: number | undefined; candidates: readonly AddressCandidate[] };
  /** First listed, and the first beat has carried the true health. `afterMs` counts from `start()`. */
  registered: { instance: ServiceInstance; holder: string; afterMs: number };
  /** The registry no longer holds us, or can no longer know that we live. */
  lost: { cause: LossCause; error?: RegistrarError };
  /** Listed again. `afterMs` counts from `lost`. */
  recovered: { cause: LossCause; holder: string; afterMs: number };
  /** A chain of registries moved down: `holder` has us now, `level` registries are preferred to it. */
  fellBack: { from: string; holder: string; level: number };
  /** A chain moved back up; the lower entry goes as soon as its registry answers. */
  failedBack: { from: string; holder: string; level: number };
  /** A registry of a chain is passed over from now on, or asked again. */
  member: MemberFigures;
  /** The registry holds the entry under the credentials that have replaced those it was written with. */
  rotated: { holder: string };
  /** A heartbeat was accepted. `marginMs`: what was left of the TTL when it was. */
  beat: { status: HealthReport['status']; tookMs: number; ttlMs: number; marginMs: number };
  /** A heartbeat, or a try to register, failed and will be tried again. `outageMs` counts from the first failure. */
  beatMissed: { error: RegistrarError; inRow: number; outageMs: number; marginMs: number };
  /** The health the next beat carries has changed. */
  health: Health;
  /** A component was first looked at, or does otherwise than before. `detail` is its own words, e.g. of an error: they stay in this process. */
  component: ComponentHealth & { detail: string | undefined };
  /** The registry shows the maintenance that the host asked for, or no longer does. An operator's is not told of. */
  maintenance: { on: boolean; reason: string };
  /** Another live instance holds our id; `onIdConflict` says what happens now. */
  conflict: { error: RegistrarError };
  /** The registry holds other values than those we wrote; told once a difference, and at every repair. */
  drift: { fields: readonly string[]; repaired: boolean };
  /** An `update()` reached the registry. */
  updated: { instance: ServiceInstance };
  /** What the config source says now cannot be used; the last good values stay. Told once a problem. */
  configRejected: { source: string; cause: ConfigRejection; problem: string };
  /** Stopping: leaving the registry, then serving on until the traffic is gone. */
  draining: { reason: string };
  /** Out of the registry or, as `policy` says, out of traffic in it. `confirmed` is false when that could not be verified and the TTL has to do it. */
  deregistered: { policy: ShutdownPolicy; confirmed: boolean; tookMs: number };
  /** All done. Every error met on the way down is kept. */
  stopped: { tookMs: number; errors: readonly Error[] };
  /** Given up: no retry can mend this. */
  failed: { error: RegistrarError };
  /** Something worth a person's attention that stops nothing, e.g. a name that DNS cannot carry. */
  warning: { message: string };
}

/** `invalid`: refused by our rules or the registry's; `empty`: nothing is there any more; `unreadable`: the source cannot be reached or read. */
export type ConfigRejection = 'invalid' | 'empty' | 'unreadable';

export type EventName = keyof RegistrarEvents;
export type Listener<N extends EventName> = (payload: RegistrarEvents[N]) => void;

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
    return new Promise((resolve, reject) => {
      const forget = () => {
        off();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        forget();
        reject(asError(signal.reason));
      };
      const off = this.on(event, () => {
        forget();
        resolve();
      });
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
    });
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
