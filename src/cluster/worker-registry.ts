import type { Clock } from '../clock.js';
import type { HealthReport } from '../health/report.js';
import type { InstanceKey, ServiceInstance } from '../instance/service-instance.js';
import type { Entry, Registration, Registry, RegistryEndpoint } from '../registry/registry.js';
import { PrimaryLink } from './primary-link.js';
import type { Channel } from './primary-link.js';
import { PrimaryRegistry } from './primary-registry.js';
import type { Way } from './way.js';

/** A primary that speaks for the service says so at once, unless it is busy. */
const HERE_WITHIN_MS = 2_000;

export interface WorkerPlan {
  /** Where the service is to be registered, by whomever. */
  readonly registry: Registry;
  /** How the workers agree where the primary is none of ours. */
  readonly alone: Way;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly service: string;
  /** The primary stops the whole instance. */
  readonly onStop: () => void;
}

/**
 * The registry of a worker of node:cluster. Workers share a port and so are one instance: the primary registers it where it has called
 * `registerCluster`, and the workers agree on one of them where it has not. The place of the instance is what it is without all that.
 */
export class WorkerRegistry implements Registry {
  readonly #plan: WorkerPlan;
  readonly #link: PrimaryLink;
  readonly #byPrimary: PrimaryRegistry;
  #asked: Promise<void> | undefined;

  constructor(plan: WorkerPlan) {
    this.#plan = plan;
    const { channel, service, onStop } = plan;
    this.#link = new PrimaryLink({ channel, service, onStop });
    this.#byPrimary = new PrimaryRegistry(this.#link);
  }

  get name(): string {
    return this.#link.isHere ? 'primary' : this.#plan.registry.name;
  }

  get nearby(): boolean {
    return this.#plan.registry.nearby;
  }

  get suppliesAddress(): boolean {
    return this.#plan.registry.suppliesAddress;
  }

  get endpoint(): RegistryEndpoint | undefined {
    return this.#plan.registry.endpoint;
  }

  get warnings(): readonly string[] {
    return this.#plan.registry.warnings ?? [];
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

  async close(): Promise<void> {
    this.#link.close();
    await this.#plan.registry.close();
  }

  /** A primary that speaks up late is the one all the same. */
  get #way(): Way {
    return this.#link.isHere ? this.#byPrimary : this.#plan.alone;
  }

  /** Resolves when the primary has said that it is here, or long enough nothing. */
  #known(): Promise<void> {
    this.#asked ??= this.#ask();
    return this.#asked;
  }

  async #ask(): Promise<void> {
    this.#link.hello();
    await Promise.race([this.#link.here, this.#plan.clock.sleep(HERE_WITHIN_MS)]);
  }
}
