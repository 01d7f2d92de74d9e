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
import { EtcdRegistration } from './etcd-registration.js';
import { EtcdStore } from './etcd-store.js';
import type { Asking, Stored } from './etcd-store.js';

/** What a registry does, in terms of records and leases. */
export class EtcdVerbs {
  readonly #client: EtcdClient;
  readonly #store: EtcdStore;

  constructor(target: EtcdTarget) {
    this.#client = new EtcdClient(target);
    this.#store = new EtcdStore(this.#client, target.layout ?? namingEndpoints);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const record = (await this.#store.find(key, { operation: 'read', signal }))?.record;
    return record && toEntry(record.leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const asking: Asking = { operation: 'register', signal };
    this.#store.assertLayout(instance);
    const before = await this.#store.find(instance, asking);
    const leased = registered(instance, report, before?.record?.leased);
    const own = await this.#ownLease(instance, before, asking);
    const lease = own ?? (await this.#store.grant(instance.ttlMs, asking));
    const held = await this.#store.write(leased, lease, before, asking);
    if (held === undefined) {
      if (own === undefined) await this.#store.revoke(lease, asking);
      throw overtaken('register', instance.id);
    }
    // Whoever had the entry before must not keep anything beside it.
    if (before !== undefined && before.lease !== lease && before.lease !== NO_LEASE)
      await this.#store.revoke(before.lease, asking);
    return new EtcdRegistration(this.#store, instance, held, (abort) =>
      this.#leave(keyOf(instance), { operation: 'deregister', signal: abort }),
    );
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#leave(key, { operation: 'remove', signal });
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const asking: Asking = { operation: 'maintain', signal };
    const found = await this.#meant(key, asking);
    if (found?.record === undefined) return;
    const written = await this.#store.write(maintained(found.record.leased, reason), found.lease, found, asking);
    if (written === undefined) throw overtaken('maintain', key.id);
  }

  async list(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const records = await this.#store.list(service, { operation: 'discover', signal });
    return records.map(({ leased }) => toDiscovered(leased));
  }

  close(): void {
    this.#client.close();
  }

  /** The lease of an entry of this very life, while it runs: an entry has one and no more. */
  async #ownLease({ nonce }: ServiceInstance, before: Stored | undefined, asking: Asking): Promise<string | undefined> {
    if (before === undefined || before.lease === NO_LEASE || before.record?.leased.instance.nonce !== nonce)
      return undefined;
    return (await this.#store.keepAlive(before.lease, asking)) === undefined ? undefined : before.lease;
  }

  /** By its lease, on which nothing of a successor can be. */
  async #leave(key: InstanceKey, asking: Asking): Promise<void> {
    const found = await this.#meant(key, asking);
    if (found === undefined) return;
    if (found.lease === NO_LEASE) await this.#store.delete(key, found, asking);
    else await this.#store.revoke(found.lease, asking);
  }

  /** With a nonce, only that very incarnation is meant. */
  async #meant(key: InstanceKey, asking: Asking): Promise<Stored | undefined> {
    const found = await this.#store.find(key, asking);
    return key.nonce === undefined || found?.record?.leased.instance.nonce === key.nonce ? found : undefined;
  }
}

/** Of a key that would stay for ever: somebody else wrote it. */
const NO_LEASE = '0';
