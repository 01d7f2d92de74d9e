import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { DiscoveredInstance, Listing, RegistryNews, WatchedFrom } from '../../contracts/discovery.js';
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
import { RecentValues } from '../../core/recent-values.js';
import { settleAll } from '../../core/settle-all.js';
import { isRefusal, overtaken } from './etcd-errors.js';
import { etcdDepartures } from './etcd-departure.js';
import type { EtcdLeases } from './etcd-leases.js';
import type { EtcdLayout, EtcdTarget } from './etcd-options.js';
import { EtcdRegistration } from './etcd-registration.js';
import { NO_LEASE, isLeasedRecord } from './etcd-requests.js';
import type { LeasedRecord, Stored } from './etcd-requests.js';
import { numberOf, watchServices } from './etcd-service-watch.js';
import { EtcdStore } from './etcd-store.js';
import type { RequestContext } from './etcd-store.js';

/** Far more than start at once. */
const MOST_FOUND = 100;

/** The verbs of the registry, in terms of records and leases. */
export class EtcdVerbs {
  readonly #client: EtcdClient;
  readonly #store: EtcdStore;
  readonly #layout: EtcdLayout;
  readonly #leases: EtcdLeases;
  /** The registration of each entry that was written and not deregistered, by the key of its record. */
  readonly #registrations = new Map<string, EtcdRegistration>();
  /** What the last look at each record found, so that a write can do without another: it compares the revision. */
  readonly #found = new RecentValues<Stored | undefined>(MOST_FOUND);

  constructor(target: EtcdTarget, credentials: EtcdCredentials, leases: EtcdLeases) {
    this.#leases = leases;
    this.#client = new EtcdClient(target, credentials);
    this.#layout = target.layout ?? namingEndpoints;
    this.#store = new EtcdStore(this.#client, this.#layout);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const leased = await this.#leasedAt(key, { operation: 'read', signal });
    return leased && toEntry(leased, false);
  }

  /** The instance as its readers see it. */
  async seek(key: InstanceKey, signal: AbortSignal): Promise<DiscoveredInstance | undefined> {
    const leased = await this.#leasedAt(key, { operation: 'discover', signal });
    return leased && toDiscovered(leased);
  }

  prepare({ nonce, ttlMs }: ServiceInstance, signal: AbortSignal): Promise<void> {
    return this.#leases.prepare(nonce, () => this.#store.grant(ttlMs, { operation: 'register', signal }));
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const context: RequestContext = { operation: 'register', signal };
    this.#store.assertLayout(instance);
    const known = this.#found.take(recordKey(instance));
    const registration =
      (known && (await this.#writeAfter(known.value, instance, report, context))) ??
      (await this.#writeAfter(await this.#store.find(instance, context), instance, report, context));
    if (registration === undefined) throw overtaken('register', instance.id);
    return registration;
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const ownLease = key.nonce === undefined ? undefined : this.#leases.of(key.nonce);
    return this.#removeEntry(key, ownLease, { operation: 'remove', signal });
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

  async list(service: string, signal: AbortSignal): Promise<Listing> {
    const context: RequestContext = { operation: 'discover', signal };
    const { records, revision } = await this.#store.list(service, context);
    const from = this.#layout === namingEndpoints ? numberOf(revision) : undefined;
    const instances = (await this.#asReadersSee(records, context)).map(toDiscovered);
    return { instances, ...(from !== undefined && { revision: from }) };
  }

  watch(services: readonly WatchedFrom[], onNews: (news: RegistryNews) => void, signal: AbortSignal): Promise<void> {
    return watchServices(this.#client, services, onNews, { operation: 'discover', signal });
  }

  departures(request: DepartureRequest): readonly Departure[] {
    const entry = this.#registrations.get(recordKey(request.instance))?.entry;
    const isOurs = entry?.record.leased.instance.nonce === request.instance.nonce;
    return etcdDepartures(request, { client: this.#client, layout: this.#layout, entry: isOurs ? entry : undefined });
  }

  close(): void {
    this.#client.close();
  }

  async #leasedAt(key: InstanceKey, context: RequestContext): Promise<LeasedInstance | undefined> {
    const found = await this.#store.find(key, context);
    this.#found.set(recordKey(key), found);
    const [leased] = await this.#asReadersSee(isLeasedRecord(found) ? [found] : [], context);
    return leased;
  }

  /** Writes the entry unless it has changed since `before` was found: undefined then, and if its lease has ended. */
  async #writeAfter(
    before: Stored | undefined,
    instance: ServiceInstance,
    report: HealthReport,
    context: RequestContext,
  ): Promise<Registration | undefined> {
    const { nonce, ttlMs } = instance;
    const former = before?.record?.leased;
    // An entry that could not be taken out of traffic must not appear there again.
    const leased = registered(instance, report, former && isNotServing(report) ? renewed(former, report) : former);
    const ownLease = await this.#ownLease(instance, report, before, context);
    const grant = () => this.#store.grant(ttlMs, context);
    const { lease, isAging } =
      ownLease === undefined
        ? await this.#leases.take(instance, grant, context.signal)
        : { lease: ownLease, isAging: false };
    let refusal: Error | undefined;
    const writing = this.#store.write(leased, lease, before, context).catch((thrown: unknown) => {
      if (!isRefusal(thrown)) throw thrown;
      refusal = asError(thrown);
    });
    // It has to last until the first heartbeat.
    const [written] = await settleAll([writing, isAging ? this.#store.keepAlive(lease, context) : undefined]);
    if (written === undefined) {
      if (ownLease === undefined) await this.#store.revoke(lease, context);
      if (refusal !== undefined) throw refusal;
      return undefined;
    }
    this.#leases.accept(nonce, lease);
    const registration = new EtcdRegistration(this.#store, instance, written, (own, signal) =>
      this.#removeEntry(keyOf(instance), own, { operation: 'deregister', signal }),
    );
    this.#registrations.set(recordKey(instance), registration);
    // The previous owner must not keep any key beside the new entry.
    if (before !== undefined && before.lease !== lease) await this.#store.endLease(before.lease, context);
    return registration;
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

  /**
   * Removes the entry. `ownLease` ends as a whole, since no key of a successor can be on it; the look beside that is
   * for an entry of ours on another lease.
   */
  async #removeEntry(key: InstanceKey, ownLease: string | undefined, context: RequestContext): Promise<void> {
    const [found] = await settleAll([
      this.#findSameIncarnation(key, context),
      ownLease === undefined ? undefined : this.#store.revoke(ownLease, context),
    ]);
    if (found !== undefined && found.lease !== ownLease) {
      if (!(await this.#store.delete(key, found, context))) throw overtaken(context.operation, key.id);
      await this.#store.endLease(found.lease, context);
    }
    if (key.nonce !== undefined) this.#forget(key, key.nonce);
  }

  /** What is known of an entry that is gone. */
  #forget(key: InstanceKey, nonce: string): void {
    this.#leases.forget(nonce);
    const registration = this.#registrations.get(recordKey(key));
    if (registration?.entry.record.leased.instance.nonce === nonce) this.#registrations.delete(recordKey(key));
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
