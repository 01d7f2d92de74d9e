import type { DriftPolicy, IdConflictPolicy } from '../../contracts/policies.js';
import type { SerializedError } from '../../core/error-serialization.js';
import type { HealthReport } from '../../contracts/health-report.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import type { Transition } from '../../contracts/registrar-state.js';
import type { MemberFigures } from '../../contracts/registry.js';
import type { BuiltInWorkerSpec, ModuleWorkerSpec } from '../../contracts/worker-spec.js';
import type { EventName } from '../../contracts/events.js';
import type { Trouble } from '../heartbeat-handle.js';
import type { LastKnownEntry } from '../last-known-entry.js';
import type { SharedTimes } from './shared-times.js';

/** A registry on its way into the thread. */
export type SerializedRegistry = (
  Pick<BuiltInWorkerSpec, 'kind' | 'options'> | Pick<ModuleWorkerSpec, 'module' | 'options'>
) & {
  readonly members?: readonly SerializedRegistry[];
  /** Options that the main thread has to be asked for: the name, and the number to ask under. */
  readonly asks: Readonly<Record<string, number>>;
};

/** One instance that is to be kept registered from the thread. */
export interface HeartbeatSpec {
  readonly registry: SerializedRegistry;
  readonly instance: ServiceInstance;
  readonly lastKnown: LastKnownEntry;
  readonly report: HealthReport;
  readonly intervalMs: number;
  readonly phase: number;
  readonly onIdConflict: IdConflictPolicy;
  readonly drift: DriftPolicy;
  readonly recover: boolean;
  /** The main thread may give no sign of life for so long. */
  readonly stallToleranceMs: number;
  /** When the last accepted heartbeat was sent, and when the TTL that it was granted ends. */
  readonly lastBeat: SharedTimes;
}

/** How an instance stands with its registry: what `status()` and a stop have to know of it. */
export interface StatusSnapshot {
  readonly instance: ServiceInstance;
  readonly held:
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

/** `unable`: the registry cannot be built here; `failed`: no retry can mend it; `halted`: as it was told. */
export type Outcome = 'unable' | 'failed' | 'halted';

/** Into the thread, about one instance. */
export type WorkerCommand =
  | { readonly kind: 'begin'; readonly order: HeartbeatSpec }
  | { readonly kind: 'report'; readonly report: HealthReport }
  | { readonly kind: 'change'; readonly change: number; readonly instance: ServiceInstance }
  /** Whether anybody listens to every single beat. */
  | { readonly kind: 'beats'; readonly wanted: boolean }
  | { readonly kind: 'answer'; readonly question: number; readonly value: unknown; readonly error?: SerializedError }
  | { readonly kind: 'halt' };

/** Out of the thread, about one instance. */
export type WorkerEvent =
  | { readonly kind: 'moved'; readonly transition: Transition }
  | { readonly kind: 'bears'; readonly snapshot: StatusSnapshot }
  /** An event; errors in its payload are on the wire. */
  | { readonly kind: 'told'; readonly event: EventName; readonly payload: object; readonly error?: SerializedError }
  | { readonly kind: 'changed'; readonly change: number; readonly error?: SerializedError }
  | { readonly kind: 'asked'; readonly question: number; readonly about: number }
  /** The last of it. `inDoubt`: a write was cut off and may still arrive. */
  | { readonly kind: 'ended'; readonly outcome: Outcome; readonly error: SerializedError; readonly inDoubt: boolean };

export type ToThread = { readonly life: number } & WorkerCommand;
export type FromThread = { readonly kind: 'ready' } | ({ readonly life: number } & WorkerEvent);
