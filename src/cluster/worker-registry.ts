import type { Clock } from '../core/clock.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry, Registration, Registry } from '../contracts/registry.js';
import type { Channel } from './channel.js';
import { LeaderElection } from './leader-election.js';
import { PrimaryLink } from './primary-link.js';
import { PrimaryRegistry } from './primary-registry.js';
import type { Coordination } from './coordination.js';

/** A primary that coordinates the service answers at once, unless it is busy. */
const HERE_WITHIN_MS = 2_000;

export interface WorkerRegistryPlan {
  /** The registry that holds the shared entry. */
  readonly registry: Registry;
  readonly channel: Channel;
  readonly clock: Clock;
  /** Name of the service. */
  readonly service: string;
  readonly ttlMs: number;
  /** Called when the primary stops the whole instance. */
  readonly onStop: () => void;
  readonly isRunning: (pid: number) => boolean;
  /** The folder for leader election. @default a folder of this user in the system's temporary directory */
  readonly folder?: string;
}

/**
 * The registry of a worker: its primary where that has called `registerCluster`, else leader election among the
 * workers.
 */
export class WorkerRegistry implements Coordination {
  readonly #clock: Clock;
  readonly #link: PrimaryLink;
  readonly #byPrimary: PrimaryRegistry;
  readonly #leaderElection: LeaderElection;
  #finding: Promise<void> | undefined;

  constructor({ channel, service, onStop, ...plan }: WorkerRegistryPlan) {
    this.#clock = plan.clock;
    this.#link = new PrimaryLink({ channel, service, onStop });
    this.#byPrimary = new PrimaryRegistry(this.#link);
    this.#leaderElection = new LeaderElection({ ...plan, pid: process.pid });
  }

  get isPrimaryHere(): boolean {
    return this.#link.isHere;
  }

  get handedOver(): boolean {
    return this.#way.handedOver;
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    await this.#known();
    return this.#way.read(key, signal);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    await this.#known();
    return this.#way.register(instance, report, signal);
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    await this.#known();
    await this.#way.remove(key, signal);
  }

  close(): void {
    this.#link.close();
  }

  /** A primary that answers late takes over from the election. */
  get #way(): Coordination {
    return this.#link.isHere ? this.#byPrimary : this.#leaderElection;
  }

  /** Resolves when the primary has answered, or has been silent for long enough. */
  #known(): Promise<void> {
    this.#finding ??= this.#ask();
    return this.#finding;
  }

  async #ask(): Promise<void> {
    this.#link.hello();
    await Promise.race([this.#link.here, this.#clock.sleep(HERE_WITHIN_MS)]);
  }
}
