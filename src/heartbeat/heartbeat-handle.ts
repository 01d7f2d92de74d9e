import type { DepartureRequest } from '../contracts/departure.js';
import type { BeatThread } from '../contracts/policies.js';
import type { RegistrarError } from '../core/errors.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { MemberFigures } from '../contracts/composed-registry.js';
import type { ActiveRegistration } from './active-registration.js';

/** The parts of an error that every thread and `status()` can carry. */
export type Trouble = Pick<RegistrarError, 'code' | 'message'>;

/** The core's handle of a heartbeat, in whichever thread it runs. */
export interface HeartbeatHandle {
  readonly thread: BeatThread;
  /** The entry as last written, with its receipt; undefined before the first registration. */
  readonly active: Readonly<ActiveRegistration> | undefined;
  /** The desired instance. */
  readonly instance: ServiceInstance;
  /** Failed heartbeats since the last accepted one. */
  readonly missedInRow: number;
  /** Why the latest attempt failed; undefined while heartbeats are accepted. */
  readonly trouble: Trouble | undefined;
  /** For a composition: its registries, as the heartbeat finds them. */
  readonly members: readonly MemberFigures[] | undefined;
  /** Runs until the signal aborts. Rejects with the signal's reason, or with the error that no retry can mend. */
  run(signal: AbortSignal): Promise<void>;
  /**
   * Replaces the instance. Resolves when the registry has it; rejects when the registry refuses it, and the old one
   * stays.
   */
  change(instance: ServiceInstance): Promise<void>;
  /** Beats now, because the report changed. */
  nudge(): void;
  /**
   * At the process's exit, has the other thread that beats leave the registry. The returned function blocks until it
   * has left, or for this time at most: true when it has. Undefined where no other thread beats.
   */
  leaveAtExit?(policy: DepartureRequest['policy']): ((withinMs: number) => boolean) | undefined;
  /** New credentials are in use: failed requests may succeed, and the entry must be rewritten under them. */
  credentialsChanged(): void;
}
