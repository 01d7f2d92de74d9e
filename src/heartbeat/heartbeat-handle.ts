import type { BeatThread } from '../contracts/policies.js';
import type { RegistrarError } from '../core/errors.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { MemberFigures } from '../contracts/composed-registry.js';
import type { ActiveRegistration } from './active-registration.js';

/** An error as far as it can go anywhere. */
export type Trouble = Pick<RegistrarError, 'code' | 'message'>;

/** What the rest of the core has of a heartbeat, in whichever thread that runs. */
export interface HeartbeatHandle {
  readonly thread: BeatThread;
  /** What we last wrote and were given a receipt for; undefined before the first registration. */
  readonly held: Readonly<ActiveRegistration> | undefined;
  /** What is wanted in the registry. */
  readonly instance: ServiceInstance;
  /** Heartbeats that failed since the last good one. */
  readonly missedInRow: number;
  /** Why the latest try failed; undefined while heartbeats are accepted. */
  readonly trouble: Trouble | undefined;
  /** Of a composition: its registries, as the heartbeat finds them. */
  readonly members: readonly MemberFigures[] | undefined;
  /** Runs until the signal aborts; rejects with its reason, or with the error that no retry can mend. */
  run(signal: AbortSignal): Promise<void>;
  /** Replaces the instance. Resolves when the registry has it; rejects when it refuses it, and the old one stays. */
  change(instance: ServiceInstance): Promise<void>;
  /** Beats now: there is something new to say. */
  nudge(): void;
  /**
   * Other credentials are in use from now on: what failed may succeed, and what was written has to be written under
   * them.
   */
  credentialsChanged(): void;
}
