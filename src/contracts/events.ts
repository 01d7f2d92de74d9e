import type { LossCause, RegistrarError } from '../core/errors.js';
import type { AddressCandidate } from './address-candidate.js';
import type { HealthReport, Health, ComponentHealth } from './health-report.js';
import type { ShutdownPolicy } from './policies.js';
import type { RegistrarState } from './registrar-state.js';
import type { MemberFigures } from './composed-registry.js';
import type { ServiceInstance } from './service-instance.js';

/** The events of a Registrar; every payload is safe to print. Times are in milliseconds. */
export interface RegistrarEvents {
  /** The state changed. */
  state: { from: RegistrarState; to: RegistrarState };
  /** The address was chosen, before registration. `address` undefined: the registry fills in its own host's. */
  address: { address: string | undefined; port: number | undefined; candidates: readonly AddressCandidate[] };
  /** Listed for the first time, with the current health. `afterMs` counts from `start()`. */
  registered: { instance: ServiceInstance; holder: string; afterMs: number };
  /** The registry no longer holds the entry, or no longer receives its heartbeats. */
  lost: { cause: LossCause; error?: RegistrarError };
  /** Listed again. `afterMs` counts from `lost`. */
  recovered: { cause: LossCause; holder: string; afterMs: number };
  /** A chain moved down: `holder` holds the entry now, and `level` registries are preferred to it. */
  fellBack: { from: string; holder: string; level: number };
  /** A chain moved back up; it removes the lower entry as soon as that registry answers. */
  failedBack: { from: string; holder: string; level: number };
  /** A chain begins to pass over one of its registries, or uses it again. */
  member: MemberFigures;
  /** The entry was rewritten under new credentials. */
  rotated: { holder: string };
  /** A heartbeat was accepted. `marginMs`: time left of the TTL at that moment. */
  beat: { status: HealthReport['status']; tookMs: number; ttlMs: number; marginMs: number };
  /** A heartbeat or an attempt to register failed and will be repeated. `outageMs` counts from the first failure. */
  beatMissed: { error: RegistrarError; inRow: number; outageMs: number; marginMs: number };
  /** The health that the next beat reports has changed. */
  health: Health;
  /**
   * A component ran for the first time or changed its state. `detail`, e.g. an error message, never leaves this
   * process.
   */
  component: ComponentHealth & { detail: string | undefined };
  /** The registry shows the host's maintenance, or its end. An operator's maintenance emits nothing. */
  maintenance: { on: boolean; reason: string };
  /** Another live instance holds our id; `onIdConflict` says what happens now. */
  conflict: { error: RegistrarError };
  /** The registry's values differ from what we wrote; emitted once a difference and at every repair. */
  drift: { fields: readonly string[]; repaired: boolean };
  /** An `update()` reached the registry. */
  updated: { instance: ServiceInstance };
  /** The config source has unusable values, and the last good ones stay; emitted once a problem. */
  configRejected: { source: string; cause: ConfigRejection; problem: string };
  /**
   * The host listens to signals that stop the Registrar too, so the host ends the process. `listeners`: their names, in
   * the order in which they run.
   */
  sharedSignals: { signals: readonly string[]; listeners: readonly string[] };
  /**
   * The stop began: deregister, then serve on until the traffic has gone. `noDrain`: why it closes at once instead,
   * e.g. `NODE_ENV is test`.
   */
  draining: { reason: string; noDrain?: string | undefined };
  /**
   * Out of the registry or, as `policy` says, out of traffic. `confirmed` is false when the registry did not confirm
   * that: the entry then stays until its TTL expires, in `listedForMs`. That is 0 once confirmed, and undefined for a
   * service that was never registered. `unreached` names registries of a chain that had no heartbeat of it and gave no
   * answer: what was sent to them may arrive later, as a critical entry until they reap it.
   */
  deregistered: {
    policy: ShutdownPolicy;
    confirmed: boolean;
    tookMs: number;
    listedForMs: number | undefined;
    unreached?: readonly string[];
  };
  /** A stop is under way for another 5 s. `waitingFor` is for people; `status()` has it at any time. */
  stopWaits: { waitingFor: string; sinceMs: number };
  /** The stop ended. `errors` has every error of the stop. */
  stopped: { tookMs: number; errors: readonly Error[] };
  /** The Registrar gave up: no retry can mend this. */
  failed: { error: RegistrarError };
  /** Something deserves attention but stops nothing, e.g. a name that is not valid in DNS. */
  warning: { message: string };
}

/**
 * `invalid`: our rules or the registry refuse the values; `empty`: the source has no values any more; `unreadable`:
 * the source cannot be read.
 */
export type ConfigRejection = 'invalid' | 'empty' | 'unreadable';

/** The name of an event. */
export type EventName = keyof RegistrarEvents;

/** A listener of one event. */
export type Listener<N extends EventName> = (payload: RegistrarEvents[N]) => void;
