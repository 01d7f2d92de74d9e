import type {
  BeatThread,
  DriftPolicy,
  HealthDetails,
  IdConflictPolicy,
  ShutdownPolicy,
} from '../contracts/policies.js';
import type { Naming } from './name-convention.js';
import type { CheckTls, Weights } from '../contracts/service-instance.js';
import type { OnFail } from '../contracts/health-report.js';

/** The validated options with environment and defaults applied. Durations are in milliseconds. */
export interface Config {
  readonly name: string;
  readonly naming: Naming;
  readonly id: string | undefined;
  readonly address: string | undefined;
  /** `'docker'`: the host port that Docker publishes. */
  readonly port: number | 'docker' | undefined;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  /** Where the instance runs, as its meta says. */
  readonly zone: string | undefined;
  readonly weights: Weights | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  readonly ttlMs: number;
  readonly checks: readonly CheckPlan[];
  /** Undefined: never. */
  readonly deregisterCriticalAfterMs: number | undefined;
  readonly recover: boolean;
  readonly drift: DriftPolicy;
  readonly onIdConflict: IdConflictPolicy;
  readonly ready: () => boolean | Promise<boolean>;
  readonly health: HealthPlan;
  readonly intervalMs: number;
  readonly thread: BeatThread;
  readonly stallToleranceMs: number;
  readonly signals: readonly NodeJS.Signals[];
  readonly policy: ShutdownPolicy;
  /** The host knows that it listens to the same signals. */
  readonly shared: boolean;
  readonly drain: DrainPeriods;
  /** Why a stop does without a drain, e.g. `NODE_ENV is test`; undefined: it drains. */
  readonly noDrain: string | undefined;
  /** Keep the server open when other code closes it while the instance is listed. */
  readonly holdClose: boolean;
  readonly stopTimeoutMs: number;
  /** Leave the registry from the process's 'exit' event. */
  readonly onExit: boolean;
  /** Infinity: no limit. */
  readonly waitMs: number;
  readonly required: boolean;
  /** Problems that do not prevent the start. */
  readonly warnings: readonly string[];
}

export interface DrainPeriods {
  readonly minMs: number;
  readonly quietMs: number | 'auto';
  readonly maxMs: number;
  /** How long open responses and streams get after the drain. */
  readonly streamsMs: number;
}

export interface HealthPlan {
  readonly path: string;
  /** True: the bound server answers the health paths. */
  readonly mounted: boolean;
  /** The separate port that answers the health paths. */
  readonly port: number | undefined;
  readonly details: HealthDetails;
  readonly components: readonly ComponentPlan[];
}

/** A configured registry-side check; becomes a `RegistryCheck` once address and port are known. */
export type CheckPlan =
  | {
      readonly kind: 'http';
      readonly target: string;
      readonly tls?: CheckTls;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'tcp'; readonly intervalMs: number; readonly timeoutMs: number }
  | {
      readonly kind: 'grpc';
      readonly service: string;
      readonly tls: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    };

/** The validated options of a health component. Times are in milliseconds. */
export interface ComponentPlan {
  readonly name: string;
  /** Undefined: its health comes only from `Registrar.report`. */
  readonly run: ((signal: AbortSignal) => unknown) | undefined;
  /** Releases the resources of `run`. */
  readonly close: (() => unknown) | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Consecutive failed runs before it becomes unhealthy. */
  readonly failures: number;
  /** Consecutive good runs before it becomes healthy. */
  readonly successes: number;
  readonly onFail: OnFail;
  /** Whether the error of a guarded call counts. */
  readonly countsAsFailure: (error: unknown) => boolean;
}
