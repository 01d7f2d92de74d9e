import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { Discovery } from '../../contracts/discovery.js';
import type { HealthReport } from '../../contracts/health-report.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type {
  Deadlines,
  Entry,
  Registration,
  Registry,
  RegistryEndpoint,
  RegistryTraits,
} from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import type { Credentials } from '../../contracts/credentials.js';
import { parseSlicedJson } from '../../core/sliced-json.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import { meansAbsent } from './consul-answer.js';
import type { Answer, WholeAnswer } from './consul-answer.js';
import { ConsulClient } from './consul-client.js';
import { decodeEntry, encodeInstance } from './consul-codec.js';
import { consulDepartures } from './consul-departure.js';
import { ConsulDiscovery } from './consul-discovery.js';
import { notConsul, refusal } from './consul-errors.js';
import { consulWorkerSpec, heldMs, resolveConsulOptions } from './consul-options.js';
import type { ConsulOptions, ConsulTarget } from './consul-options.js';
import { assertAddressable, consulPath, withQuery } from './consul-path.js';
import { ConsulRegistration } from './consul-registration.js';
import { ConsulSightings } from './consul-sightings.js';

/**
 * Registers with Consul through one agent. `name` tells agents apart. Throws `ConfigError` for options that cannot
 * work. Loads and connects nothing until first use. Consul ignores case: its readers see ids that differ only in case
 * as one entry.
 */
export function consul(options: ConsulOptions = {}, name = 'consul'): Registry {
  return new ClosableRegistry(new ConsulRegistry(options, name));
}

/** An entry that was seen to be ours within two intervals still is. */
const FRESH_SHARE = 2 / 3;

class ConsulRegistry implements Registry {
  readonly name: string;
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly warnings: readonly string[];
  readonly deadlines: Deadlines;
  readonly discovery: Discovery;
  readonly credentials: Credentials;
  readonly #options: ConsulOptions;
  readonly #target: ConsulTarget;
  readonly #client: ConsulClient;
  readonly receipts = new ConsulSightings();

  constructor(options: ConsulOptions, name: string) {
    this.name = name;
    this.#options = options;
    this.#target = resolveConsulOptions(options);
    this.#client = new ConsulClient(this.#target);
    const { isLocal, socketPath, url } = this.#target;
    this.traits = { isLocal, suppliesAddress: isLocal, probes: true };
    this.endpoint = socketPath === undefined ? endpointOfUrl(url) : undefined;
    this.warnings = this.#target.warnings;
    this.deadlines = { requestMs: this.#target.timeouts.requestMs, heldMs: heldMs(this.#target.timeouts) };
    this.credentials = this.#client.credentials;
    this.discovery = new ConsulDiscovery(this.#client, this.#target);
  }

  /** A getter, so that printing the registry does not print its token. */
  get workerSpec(): WorkerSpec {
    return consulWorkerSpec(this.#options);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const path = consulPath('/agent/health/service/id/', key.id, key, this.#target);
    const answer = await this.#client.send({ operation: 'read', method: 'GET', path, pool: 'call' }, signal);
    // The status is the entry's health here: 429 is a warning, 503 critical or maintenance, 404 no entry. The same
    // statuses from a rate limit or a proxy come without the JSON.
    const isEntry = [200, 404, 429, 503].includes(answer.status) && answer.text.startsWith('{');
    if (!isEntry && answer.status !== 200) throw refusal(answer, 'read', this.#client.shown);
    const entry = await this.#decode(answer, signal);
    if (key.nonce !== undefined && key.nonce !== entry?.instance.nonce) this.receipts.missed(key.nonce);
    else if (key.nonce !== undefined) this.receipts.saw(key.nonce);
    return entry;
  }

  /** Leaves the status of existing checks alone: Consul keeps it across a registration. */
  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    assertAddressable(instance.id);
    assertAddressable(instance.name);
    const path = withQuery('/agent/service/register', instance, this.#target);
    const body = Buffer.from(JSON.stringify(encodeInstance(instance)));
    // Read before sending: if the token changes in between, the entry is merely written once more.
    const { generation } = this.#client.credentials;
    this.receipts.expect(instance.nonce, instance.id);
    this.#expectOk(await this.#put('register', path, signal, body), 'register');
    this.receipts.saw(instance.nonce);
    if (report.status === 'maintenance')
      this.#expectOk(await this.#setMaintenance('register', instance, report.reason, signal), 'register');
    return new ConsulRegistration(
      this.name,
      this.#client,
      this.#target,
      instance,
      generation,
      this.receipts,
      (key, abort) => this.#removeEntry('deregister', key, abort),
    );
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    await this.#removeEntry('remove', key, signal);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    if (!(await this.#isSameIncarnation(key, signal))) return;
    const answer = await this.#setMaintenance('maintain', key, reason, signal);
    if (!meansAbsent(answer)) this.#expectOk(answer, 'maintain');
  }

  departures(request: DepartureRequest): readonly Departure[] {
    return consulDepartures(request, { client: this.#client, target: this.#target, sightings: this.receipts });
  }

  close(): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }

  async #removeEntry(operation: string, key: InstanceKey, signal: AbortSignal): Promise<void> {
    if (this.#wasJustSeen(key) || (await this.#isSameIncarnation(key, signal))) {
      const path = consulPath('/agent/service/deregister/', key.id, key, this.#target);
      const answer = await this.#put(operation, path, signal);
      if (!meansAbsent(answer)) this.#expectOk(answer, operation);
    }
    if (key.nonce !== undefined) this.receipts.forget(key.nonce);
  }

  /** The key has a TTL where a look before the removal would take long. */
  #wasJustSeen({ nonce, ttlMs = 0 }: InstanceKey): boolean {
    return nonce !== undefined && this.receipts.isOurs(nonce, ttlMs * FRESH_SHARE);
  }

  /**
   * Whether the entry may be changed: with a nonce, only if it is that incarnation's. The agent itself compares only
   * ids.
   */
  async #isSameIncarnation(key: InstanceKey, signal: AbortSignal): Promise<boolean> {
    return key.nonce === undefined || (await this.read(key, signal))?.instance.nonce === key.nonce;
  }

  /** If the entry is already in maintenance, the agent keeps the earlier reason. */
  #setMaintenance(
    operation: string,
    key: InstanceKey,
    reason: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const query = reason === undefined ? { enable: 'false' } : { enable: 'true', reason };
    return this.#put(operation, consulPath('/agent/service/maintenance/', key.id, key, this.#target, query), signal);
  }

  #put(operation: string, path: string, signal: AbortSignal, body?: Buffer): Promise<Answer> {
    return this.#client.send({ operation, method: 'PUT', path, pool: 'call', ...(body && { body }) }, signal);
  }

  #expectOk(answer: Answer, operation: string): void {
    if (answer.status !== 200) throw refusal(answer, operation, this.#client.shown);
  }

  async #decode({ body }: WholeAnswer, signal: AbortSignal): Promise<Entry | undefined> {
    try {
      return decodeEntry(await parseSlicedJson(body, signal));
    } catch (cause) {
      signal.throwIfAborted();
      throw notConsul('read', this.#client.shown, cause);
    }
  }
}
