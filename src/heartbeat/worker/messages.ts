import type { DepartureRequest } from '../../contracts/departure.js';
import type { DriftPolicy, IdConflictPolicy } from '../../contracts/policies.js';
import type { SerializedError } from '../../core/error-serialization.js';
import type { HealthReport } from '../../contracts/health-report.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import type { Transition } from '../../contracts/registrar-state.js';
import type { MemberFigures } from '../../contracts/composed-registry.js';
import type { BuiltInWorkerSpec, ModuleWorkerSpec } from '../../contracts/worker-spec.js';
import type { EventName } from '../../contracts/events.js';
import type { Trouble } from '../heartbeat-handle.js';
import type { SuppliedAddressPlan } from '../../instance/supplied-address.js';
import type { LastKnownEntry } from '../last-known-entry.js';
import type { Legacy } from '../../registries/legacy.js';
import type { ExitReply } from './exit-reply.js';
import type { SharedTimes } from './shared-times.js';

/** A registry's description for the worker. */
export type SerializedRegistry = (
  Pick<BuiltInWorkerSpec, 'kind' | 'options'> | Pick<ModuleWorkerSpec, 'module' | 'options'>
) & {
  readonly members?: readonly SerializedRegistry[];
  /** Options that are functions on the main thread, each with the number to call it by. */
  readonly asks: Readonly<Record<string, number>>;
};

/** One instance for the worker to keep registered. */
export interface HeartbeatSpec {
  readonly registry: SerializedRegistry;
  readonly instance: ServiceInstance;
  readonly lastKnown: LastKnownEntry;
  readonly suppliedAddress?: SuppliedAddressPlan | undefined;
  readonly report: HealthReport;
  readonly intervalMs: number;
  readonly phase: number;
  readonly onIdConflict: IdConflictPolicy;
  readonly drift: DriftPolicy;
  readonly recover: boolean;
  /** How long the main thread may give no sign of life. */
  readonly stallToleranceMs: number;
  /**
   * When the last accepted heartbeat was sent and when its TTL ends; when the last heartbeat was sent, and by when it
   * has arrived.
   */
  readonly lastBeat: SharedTimes;
}

/** The worker's view of one instance: what `status()` and a stop need to know. */
export interface StatusSnapshot {
  readonly instance: ServiceInstance;
  readonly active:
    | {
        readonly instance: ServiceInstance;
        readonly holder: string;
        readonly level: number;
        readonly provisional: boolean;
      }
    | undefined;
  readonly missedInRow: number;
  readonly trouble: Trouble | undefined;
  readonly members: readonly MemberFigures[] | undefined;
  readonly lastKnown: LastKnownEntry;
}

/**
 * How a worker heartbeat ended. `unable`: the registry cannot be built in the worker; `failed`: no retry can mend it;
 * `halted`: on request.
 */
export type Outcome = 'unable' | 'failed' | 'halted';

/** From the main thread to the worker, about one instance. */
export type WorkerCommand =
  | { readonly kind: 'begin'; readonly spec: HeartbeatSpec }
  | { readonly kind: 'report'; readonly report: HealthReport }
  | { readonly kind: 'change'; readonly change: number; readonly instance: ServiceInstance }
  /** Whether the host listens to `beat` events. */
  | { readonly kind: 'beats'; readonly wanted: boolean }
  | { readonly kind: 'answer'; readonly question: number; readonly value: unknown; readonly error?: SerializedError }
  | { readonly kind: 'halt' }
  /** The process exits, and the main thread waits for the reply. */
  | { readonly kind: 'leave'; readonly policy: DepartureRequest['policy']; readonly reply: ExitReply };

/** From the worker to the main thread, about one instance. */
export type WorkerEvent =
  | { readonly kind: 'moved'; readonly transition: Transition }
  | { readonly kind: 'status'; readonly snapshot: StatusSnapshot }
  /** An event to emit; an error of its payload travels serialized. */
  | { readonly kind: 'emitted'; readonly event: EventName; readonly payload: object; readonly error?: SerializedError }
  | { readonly kind: 'changed'; readonly change: number; readonly error?: SerializedError }
  | { readonly kind: 'call'; readonly question: number; readonly about: number }
  /** The last event of an instance. `inDoubt`: a write was cut off and may still arrive. */
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly error: SerializedError; readonly legacy: Legacy };

export type ToThread = { readonly life: number } & WorkerCommand;
export type FromThread = { readonly kind: 'ready' } | ({ readonly life: number } & WorkerEvent);
