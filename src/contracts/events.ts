import type { LossCause, RegistrarError } from '../core/errors.js';
import type { AddressCandidate } from './address-candidate.js';
import type { HealthReport, Health, ComponentHealth } from './health-report.js';
import type { ShutdownPolicy } from './policies.js';
import type { RegistrarState } from './registrar-state.js';
import type { MemberFigures } from './registry.js';
import type { ServiceInstance } from './service-instance.js';

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
