import type { Clock } from '../core/clock.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry, Registration, Registry } from '../contracts/registry.js';
import type { Channel } from './channel.js';
import { LeaderElection } from './leader-election.js';
import { PrimaryLink } from './primary-link.js';
import { PrimaryRegistry } from './primary-registry.js';
import type { Coordination } from './coordination.js';

/** A primary that speaks for the service says so at once, unless it is busy. */
const HERE_WITHIN_MS = 2_000;

export interface WorkerRegistryPlan {
  /** Where the service is to be registered, by whomever. */
  readonly registry: Registry;
  readonly channel: Channel;
  readonly clock: Clock;
  /** Name of the service. */
  readonly service: string;
  readonly ttlMs: number;
  /** The primary stops the whole instance. */
  readonly onStop: () => void;
  readonly isRunning: (pid: number) => boolean;
  /** Where workers meet that have to agree among themselves. @default one for this user, in the system's directory for temporary files */
  readonly folder?: string;
}

/** How a worker is registered: by the primary where that has called `registerCluster`, and by agreement with the other workers where it has not. */
export class WorkerRegistry implements Coordination {
  readonly #clock: Clock;
  readonly #link: PrimaryLink;
  readonly #byPrimary: PrimaryRegistry;
  readonly #leaderElection: LeaderElection;
  #asked: Promise<void> | undefined;

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

  /** A primary that speaks up late is the one all the same. */
  get #way(): Coordination {
    return this.#link.isHere ? this.#byPrimary : this.#leaderElection;
  }

  /** Resolves when the primary has said that it is here, or nothing for long enough. */
  #known(): Promise<void> {
    this.#asked ??= this.#ask();
    return this.#asked;
  }

  async #ask(): Promise<void> {
    this.#link.hello();
    await Promise.race([this.#link.here, this.#clock.sleep(HERE_WITHIN_MS)]);
  }
}
