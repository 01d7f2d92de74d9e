import type { BeatThread, DriftPolicy, IdConflictPolicy, ShutdownPolicy } from '../contracts/policies.js';
import type { Naming } from './name-convention.js';
import type { CheckTls, Weights } from '../contracts/service-instance.js';
import type { OnFail } from '../contracts/health-report.js';

/** The options after defaults, environment and checks: every field decided, every duration in milliseconds. */
export interface Config {
  readonly name: string;
  readonly naming: Naming;
  readonly id: string | undefined;
  readonly address: string | undefined;
  /** `'docker'`: what Docker publishes. */
  readonly port: number | 'docker' | undefined;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
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
  readonly drain: { readonly minMs: number; readonly quietMs: number | 'auto'; readonly maxMs: number };
  readonly stopTimeoutMs: number;
  /** A last try to deregister when the process crashes. */
  readonly crash: boolean;
  /** Infinity: no limit. */
  readonly waitMs: number;
  readonly required: boolean;
  /** What is allowed but worth a person's attention. */
  readonly warnings: readonly string[];
}

export interface HealthPlan {
  readonly path: string;
  /** Answered on the bound server. */
  readonly mounted: boolean;
  /** Answered on a port of its own. */
  readonly port: number | undefined;
  readonly details: boolean;
  readonly components: readonly ComponentPlan[];
}

/** A registry-side check as asked for; becomes a `RegistryCheck` once the address and port are known. */
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

/** A part of the service that is looked at, or that others report about, with everything decided. Times are milliseconds. */
export interface ComponentPlan {
  readonly name: string;
  /** Undefined: it is only reported about. */
  readonly run: ((signal: AbortSignal) => unknown) | undefined;
  /** Lets go of what the runs have kept. */
  readonly close: (() => unknown) | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many runs in a row that agree make it worse. */
  readonly failures: number;
  /** So many runs in a row that agree make it better. */
  readonly successes: number;
  readonly onFail: OnFail;
}
