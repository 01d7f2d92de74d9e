import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { DiscoveredInstance } from '../../contracts/discovery.js';
import { isNotServing } from '../../contracts/health-report.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { isInTraffic, maintained, registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration } from '../../contracts/registry.js';
import { EtcdClient } from './etcd-client.js';
import { namingEndpoints, recordKey } from './etcd-codec.js';
import type { EtcdCredentials } from './etcd-credentials.js';
import { asError } from '../../core/errors.js';
import { isRefusal, overtaken } from './etcd-errors.js';
import { etcdDepartures } from './etcd-departure.js';
import type { EtcdLayout, EtcdTarget } from './etcd-options.js';
import { EtcdRegistration } from './etcd-registration.js';
import { NO_LEASE, isLeasedRecord } from './etcd-requests.js';
import type { LeasedRecord, Stored } from './etcd-requests.js';
import { EtcdStore } from './etcd-store.js';
import type { RequestContext } from './etcd-store.js';

/** The verbs of the registry, in terms of records and leases. */
export class EtcdVerbs {
  readonly #client: EtcdClient;
  readonly #store: EtcdStore;
  readonly #layout: EtcdLayout;
  /** The registration of each entry that was written and not deregistered, by the key of its record. */
  readonly #registrations = new Map<string, EtcdRegistration>();

  constructor(target: EtcdTarget, credentials: EtcdCredentials) {
    this.#client = new EtcdClient(target, credentials);
    this.#layout = target.layout ?? namingEndpoints;
    this.#store = new EtcdStore(this.#client, this.#layout);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const context: RequestContext = { operation: 'read', signal };
    const found = await this.#store.find(key, context);
    const [leased] = await this.#asReadersSee(isLeasedRecord(found) ? [found] : [], context);
    return leased && toEntry(leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const context: RequestContext = { operation: 'register', signal };
    this.#store.assertLayout(instance);
    const before = await this.#store.find(instance, context);
    const former = before?.record?.leased;
    // An entry that could not be taken out of traffic must not appear there again.
    const leased = registered(instance, report, former && isNotServing(report) ? renewed(former, report) : former);
    const ownLease = await this.#ownLease(instance, report, before, context);
    const lease = ownLease ?? (await this.#store.grant(instance.ttlMs, context));
    let refusal: Error | undefined;
    const written = await this.#store.write(leased, lease, before, context).catch((thrown: unknown) => {
      if (!isRefusal(thrown)) throw thrown;
      refusal = asError(thrown);
    });
    if (written === undefined) {
      if (ownLease === undefined) await this.#store.revoke(lease, context);
      throw refusal ?? overtaken('register', instance.id);
    }
    const registration = new EtcdRegistration(this.#store, instance, written, async (own, abort) => {
      await this.#removeEntry(keyOf(instance), own, { operation: 'deregister', signal: abort });
      this.#registrations.delete(recordKey(instance));
    });
    this.#registrations.set(recordKey(instance), registration);
    // The previous owner must not keep any key beside the new entry.
    if (before !== undefined && before.lease !== lease) await this.#store.endLease(before.lease, context);
    return registration;
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#removeEntry(key, undefined, { operation: 'remove', signal });
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const context: RequestContext = { operation: 'maintain', signal };
    const found = await this.#findSameIncarnation(key, context);
    if (!isLeasedRecord(found)) return;
    try {
      const written = await this.#store.write(maintained(found.record.leased, reason), found.lease, found, context);
      if (written === undefined) throw overtaken('maintain', key.id);
    } catch (thrown) {
      if (reason === undefined || !isRefusal(thrown, 'no space')) throw thrown;
      await this.#takeOut(found, thrown, context);
    }
  }

  async list(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const context: RequestContext = { operation: 'discover', signal };
    const records = await this.#store.list(service, context);
    return (await this.#asReadersSee(records, context)).map(toDiscovered);
  }

  departures(request: DepartureRequest): readonly Departure[] {
    const entry = this.#registrations.get(recordKey(request.instance))?.entry;
    const isOurs = entry?.record.leased.instance.nonce === request.instance.nonce;
    return etcdDepartures(request, { client: this.#client, layout: this.#layout, entry: isOurs ? entry : undefined });
  }

  close(): void {
    this.#client.close();
  }

  /** What the records say, but for those whose owner could only remove the key for other readers. */
  async #asReadersSee(records: readonly LeasedRecord[], context: RequestContext): Promise<LeasedInstance[]> {
    const withheld = await this.#store.withheld(records, context).catch((thrown: unknown) => {
      // A reader with a right to the records alone goes by what they say.
      if (!isRefusal(thrown, 'no right')) throw thrown;
      return new Set<LeasedRecord>();
    });
    return records.map((stored) => (withheld.has(stored) ? outOfTraffic(stored.record.leased) : stored.record.leased));
  }

  /** Takes an entry out of traffic without a write. Throws the refusal of the write if that is not possible. */
  async #takeOut(found: LeasedRecord, refusal: unknown, context: RequestContext): Promise<void> {
    if (!isInTraffic(found.record.leased)) return;
    if (found.record.publishedAt === undefined) throw refusal;
    if (!(await this.#store.withhold(found, context)))
      throw overtaken(context.operation, found.record.leased.instance.id);
  }

  /**
   * The lease of this incarnation's existing entry, if it still runs: an entry has only one lease. Not renewed for an
   * instance that has to leave traffic, since the write may be refused.
   */
  async #ownLease(
    { nonce }: ServiceInstance,
    report: HealthReport,
    before: Stored | undefined,
    context: RequestContext,
  ): Promise<string | undefined> {
    if (!isLeasedRecord(before) || before.lease === NO_LEASE || before.record.leased.instance.nonce !== nonce)
      return undefined;
    if (!(await this.#isOurLease(before, context))) return undefined;
    if (isNotServing(report) && isInTraffic(before.record.leased)) return before.lease;
    return (await this.#store.keepAlive(before.lease, context)) === undefined ? undefined : before.lease;
  }

  /** A record can name any lease. Ours is one that we asked for, or one that has no keys but those of the entry. */
  async #isOurLease({ record, lease }: LeasedRecord, context: RequestContext): Promise<boolean> {
    const key = recordKey(record.leased.instance);
    if (this.#registrations.get(key)?.entry.lease === lease) return true;
    const keys = await this.#store.keysOn(lease, context);
    return keys !== undefined && keys.every((each) => each === key || each === record.publishedAt);
  }

  /** Removes the entry. `ownLease` ends as a whole, since no key of a successor can be on it. */
  async #removeEntry(key: InstanceKey, ownLease: string | undefined, context: RequestContext): Promise<void> {
    const found = await this.#findSameIncarnation(key, context);
    if (found === undefined) return;
    if (found.lease === ownLease) {
      await this.#store.revoke(found.lease, context);
      return;
    }
    if (!(await this.#store.delete(key, found, context))) throw overtaken(context.operation, key.id);
    await this.#store.endLease(found.lease, context);
  }

  /** Finds the entry; with a nonce in `key`, only that incarnation's entry. */
  async #findSameIncarnation(key: InstanceKey, context: RequestContext): Promise<Stored | undefined> {
    const found = await this.#store.find(key, context);
    return key.nonce === undefined || found?.record?.leased.instance.nonce === key.nonce ? found : undefined;
  }
}

/** The instance as readers see it when its owner could only remove the key for other readers. */
function outOfTraffic(leased: LeasedInstance): LeasedInstance {
  const reason = 'taken out of traffic: its key for other readers is gone';
  return { ...leased, beat: { status: 'critical', reason } };
}
