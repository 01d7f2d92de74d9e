import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { Discovery } from '../../contracts/discovery.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { isLoopback } from '../../net/ip-address.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration, Registry, RegistryEndpoint, RegistryTraits } from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import { EtcdCredentials } from './etcd-credentials.js';
import { EtcdLeases } from './etcd-leases.js';
import { etcdWorkerSpec, resolveEtcdOptions } from './etcd-options.js';
import type { EtcdOptions, EtcdTarget } from './etcd-options.js';
import type { EtcdVerbs } from './etcd-verbs.js';

/**
 * Registers with etcd v3 over its JSON gateway. An instance is one record of ours, which describes it completely,
 * and, while it is passing, one key for other readers. Both are on one lease. Throws `ConfigError` for options that
 * cannot work. Loads and connects nothing until first use.
 */
export function etcd(options: EtcdOptions = {}): Registry {
  return new ClosableRegistry(new EtcdRegistry(options));
}

class EtcdRegistry implements Registry {
  readonly name = 'etcd';
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly warnings: readonly string[];
  readonly discovery: Discovery;
  readonly receipts = new EtcdLeases();
  readonly credentials: EtcdCredentials;
  readonly #options: EtcdOptions;
  readonly #target: EtcdTarget;
  #opening: Promise<EtcdVerbs> | undefined;
  #verbs: EtcdVerbs | undefined;

  constructor(options: EtcdOptions) {
    this.#options = options;
    this.#target = resolveEtcdOptions(options);
    this.credentials = new EtcdCredentials(this.#target);
    const { isLocal, urls, warnings } = this.#target;
    this.traits = { isLocal, suppliesAddress: false };
    const endpoints = urls.map(endpointOfUrl);
    this.endpoint = endpoints.find(({ host }) => !isLoopback(host)) ?? endpoints[0];
    this.warnings = warnings;
    const { layout } = this.#target;
    this.discovery = {
      poll: async (service, _cursor, signal) => (await this.#begin(signal)).list(service, signal),
      find: async (key, signal) => (await this.#begin(signal)).seek(key, signal),
      // With a layout of the user, the keys that other readers find may be anywhere.
      ...(layout === undefined && {
        watch: async (services, onNews, signal) => (await this.#begin(signal)).watch(services, onNews, signal),
      }),
    };
  }

  /** A getter, so that printing the registry does not print its password. */
  get workerSpec(): WorkerSpec | undefined {
    return etcdWorkerSpec(this.#options);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    return (await this.#begin(signal)).read(key, signal);
  }

  async prepare(instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    await (await this.#begin(signal)).prepare(instance, signal);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    return (await this.#begin(signal)).register(instance, report, signal);
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    await (await this.#begin(signal)).remove(key, signal);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    await (await this.#begin(signal)).maintain(key, reason, signal);
  }

  departures(request: DepartureRequest): readonly Departure[] {
    return this.#verbs?.departures(request) ?? [];
  }

  async close(): Promise<void> {
    const verbs = await this.#opening?.catch(() => undefined);
    verbs?.close();
  }

  async #begin(signal: AbortSignal): Promise<EtcdVerbs> {
    signal.throwIfAborted();
    const verbs = await (this.#opening ??= this.#open());
    signal.throwIfAborted();
    return verbs;
  }

  /** Loads the verbs at first use. After a failure, the next call loads them again. */
  async #open(): Promise<EtcdVerbs> {
    try {
      const { EtcdVerbs } = await import('./etcd-verbs.js');
      return (this.#verbs = new EtcdVerbs(this.#target, this.credentials, this.receipts));
    } catch (thrown) {
      this.#opening = undefined;
      throw thrown;
    }
  }
}
