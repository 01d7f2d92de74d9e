import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { DiscoveredInstance } from '../../contracts/discovery.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { maintained, registered, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration } from '../../contracts/registry.js';
import { EtcdClient } from './etcd-client.js';
import { namingEndpoints } from './etcd-codec.js';
import { overtaken } from './etcd-errors.js';
import type { EtcdTarget } from './etcd-options.js';
import { etcdDepartures } from './etcd-departure.js';
import { EtcdRegistration } from './etcd-registration.js';
import { NO_LEASE } from './etcd-requests.js';
import type { Stored } from './etcd-requests.js';
import { EtcdStore } from './etcd-store.js';
import type { RequestContext } from './etcd-store.js';

/** The verbs of the registry, in terms of records and leases. */
export class EtcdVerbs {
  readonly #client: EtcdClient;
  readonly #store: EtcdStore;
  /** The registration of each incarnation that has been written and not removed. */
  readonly #registrations = new Map<string, EtcdRegistration>();

  constructor(target: EtcdTarget) {
    this.#client = new EtcdClient(target);
    this.#store = new EtcdStore(this.#client, target.layout ?? namingEndpoints);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const record = (await this.#store.find(key, { operation: 'read', signal }))?.record;
    return record && toEntry(record.leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const context: RequestContext = { operation: 'register', signal };
    this.#store.assertLayout(instance);
    const before = await this.#store.find(instance, context);
    const leased = registered(instance, report, before?.record?.leased);
    const ownLease = await this.#ownLease(instance, before, context);
    const lease = ownLease ?? (await this.#store.grant(instance.ttlMs, context));
    const written = await this.#store.write(leased, lease, before, context);
    if (written === undefined) {
      if (ownLease === undefined) await this.#store.revoke(lease, context);
      throw overtaken('register', instance.id);
    }
    // The previous owner must not keep any key beside the new entry.
    if (before !== undefined && before.lease !== lease && before.lease !== NO_LEASE)
      await this.#store.revoke(before.lease, context);
    const registration = new EtcdRegistration(this.#store, instance, written, (abort) =>
      this.#removeEntry(keyOf(instance), { operation: 'deregister', signal: abort }),
    );
    this.#registrations.set(instance.nonce, registration);
    return registration;
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#removeEntry(key, { operation: 'remove', signal });
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const context: RequestContext = { operation: 'maintain', signal };
    const found = await this.#findSameIncarnation(key, context);
    if (found?.record === undefined) return;
    const written = await this.#store.write(maintained(found.record.leased, reason), found.lease, found, context);
    if (written === undefined) throw overtaken('maintain', key.id);
  }

  async list(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const records = await this.#store.list(service, { operation: 'discover', signal });
    return records.map(({ leased }) => toDiscovered(leased));
  }

  departures(request: DepartureRequest): readonly Departure[] {
    const entry = this.#registrations.get(request.instance.nonce)?.entry;
    return etcdDepartures(request, { client: this.#client, store: this.#store, entry });
  }

  close(): void {
    this.#client.close();
  }

  /** The lease of this incarnation's existing entry, if it still runs: an entry has only one lease. */
  async #ownLease(
    { nonce }: ServiceInstance,
    before: Stored | undefined,
    context: RequestContext,
  ): Promise<string | undefined> {
    if (before === undefined || before.lease === NO_LEASE || before.record?.leased.instance.nonce !== nonce)
      return undefined;
    return (await this.#store.keepAlive(before.lease, context)) === undefined ? undefined : before.lease;
  }

  /** Removes the entry by its lease, since no key of a successor can be on that. */
  async #removeEntry(key: InstanceKey, context: RequestContext): Promise<void> {
    const found = await this.#findSameIncarnation(key, context);
    if (found?.lease === NO_LEASE) await this.#store.delete(key, found, context);
    else if (found !== undefined) await this.#store.revoke(found.lease, context);
    if (key.nonce !== undefined) this.#registrations.delete(key.nonce);
  }

  /** Finds the entry; with a nonce in `key`, only that incarnation's entry. */
  async #findSameIncarnation(key: InstanceKey, context: RequestContext): Promise<Stored | undefined> {
    const found = await this.#store.find(key, context);
    return key.nonce === undefined || found?.record?.leased.instance.nonce === key.nonce ? found : undefined;
  }
}
