import type { Clock } from '../clock.js';
import type { HealthReport } from '../health/report.js';
import type { InstanceKey, ServiceInstance } from '../instance/service-instance.js';
import type { Entry, Registration, Registry, RegistryEndpoint } from '../registry/registry.js';
import { channelToPrimary } from './channel.js';
import type { Channel } from './channel.js';
import type { WorkerWay } from './worker-way.js';

export interface Amongst {
  readonly clock: Clock;
  /** Name of the service. */
  readonly service: string;
  readonly ttlMs: number;
  /** The primary stops the whole instance. */
  readonly onStop: () => void;
  /** Whether there is such a process. */
  readonly isRunning: (pid: number) => boolean;
}

/** In a worker of node:cluster what makes one instance of all workers; anywhere else the registry as it is. */
export function amongWorkers(registry: Registry, amongst: Amongst): Registry {
  const channel = channelToPrimary();
  return channel === undefined ? registry : new WorkerRegistry(registry, channel, amongst);
}

/** The registry of a worker: where the instance is to be found is as without all that, and how it is registered is agreed among the workers. */
class WorkerRegistry implements Registry {
  readonly #registry: Registry;
  readonly #channel: Channel;
  readonly #amongst: Amongst;
  #loading: Promise<WorkerWay> | undefined;
  #way: WorkerWay | undefined;

  constructor(registry: Registry, channel: Channel, amongst: Amongst) {
    this.#registry = registry;
    this.#channel = channel;
    this.#amongst = amongst;
  }

  get name(): string {
    return this.#way?.isPrimaryHere === true ? 'primary' : this.#registry.name;
  }

  get nearby(): boolean {
    return this.#registry.nearby;
  }

  get suppliesAddress(): boolean {
    return this.#registry.suppliesAddress;
  }

  get endpoint(): RegistryEndpoint | undefined {
    return this.#registry.endpoint;
  }

  get warnings(): readonly string[] {
    return this.#registry.warnings ?? [];
  }

  get handedOver(): boolean {
    return this.#way?.handedOver ?? false;
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    return (await this.#load()).read(key, signal);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    return (await this.#load()).register(instance, report, signal);
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return (await this.#load()).remove(key, signal);
  }

  async close(): Promise<void> {
    this.#way?.close();
    await this.#registry.close();
  }

  /** Of no use to anybody but a worker, and so not part of every start. */
  async #load(): Promise<WorkerWay> {
    this.#loading ??= import('./worker-way.js').then(({ WorkerWay }) => new WorkerWay({ ...this.#amongst, registry: this.#registry, channel: this.#channel }));
    this.#way = await this.#loading;
    return this.#way;
  }
}
