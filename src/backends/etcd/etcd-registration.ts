import { RegistrationLostError } from '../../core/errors.js';
import { settleAll } from '../../core/settle-all.js';
import { isNotServing } from '../../contracts/health-report.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { isInTraffic, renewed } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import type { Registration, Renewal } from '../../contracts/registry.js';
import { isPublished } from './etcd-codec.js';
import { isRefusal, overtaken } from './etcd-errors.js';
import type { LeasedRecord } from './etcd-requests.js';
import type { RequestContext, EtcdStore } from './etcd-store.js';

/** The registration of one entry on one lease. */
export class EtcdRegistration implements Registration {
  readonly #store: EtcdStore;
  readonly #instance: ServiceInstance;
  readonly #removeEntry: (lease: string, signal: AbortSignal) => Promise<void>;
  /** As etcd has it, but for the key of other readers that was withheld. */
  #entry: LeasedRecord;
  /** The newest revision at which the entry was intact: a watch goes on from there. */
  #seenRevision: string;
  /** False once readers lost the instance without a write of its record. */
  #inTraffic: boolean;
  /** A change to not-serving failed. Until etcd has it, the lease is not renewed, so that readers lose the instance. */
  #owesExit = false;

  constructor(
    store: EtcdStore,
    instance: ServiceInstance,
    entry: LeasedRecord,
    removeEntry: (lease: string, signal: AbortSignal) => Promise<void>,
  ) {
    this.#store = store;
    this.#instance = instance;
    this.#entry = entry;
    this.#seenRevision = entry.revision;
    this.#inTraffic = isInTraffic(entry.record.leased);
    this.#removeEntry = removeEntry;
  }

  /** The entry as last written or read. */
  get entry(): LeasedRecord {
    return this.#entry;
  }

  holder(): string {
    return 'etcd';
  }

  async renew(report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const context: RequestContext = { operation: 'renew', pool: 'beat', signal };
    const isExit = this.#inTraffic && isNotServing(report);
    try {
      if (isExit && this.#owesExit) await this.#writeOrReadAgain(report, context);
      // Both at once, since each may take long.
      const [ttlMs, isDone] = await settleAll([this.#keepAlive(context), this.#writeReport(report, context)]);
      if (!isDone) await this.#writeOrReadAgain(report, context);
      this.#owesExit = false;
      return { ttlMs };
    } catch (thrown) {
      this.#owesExit = isExit && this.#inTraffic;
      throw thrown;
    }
  }

  async changed(signal: AbortSignal): Promise<void> {
    const context = { operation: 'changed', signal };
    if ((await this.#store.change(this.#entry, this.#seenRevision, context)) === 'changed') return;
    // A look shows whether anything happened in the part that etcd has forgotten. If not, the watch goes on from there.
    if (await this.#isIntact(context)) await this.#store.change(this.#entry, this.#seenRevision, context);
  }

  async deregister(signal: AbortSignal): Promise<void> {
    await this.#removeEntry(this.#entry.lease, signal);
  }

  async #keepAlive(context: RequestContext): Promise<number> {
    const ttlMs = await this.#store.keepAlive(this.#entry.lease, context);
    if (ttlMs === undefined) throw this.#lost('its lease has expired or was revoked');
    return ttlMs;
  }

  async #writeOrReadAgain(report: HealthReport, context: RequestContext): Promise<void> {
    if (await this.#writeReport(report, context)) return;
    // Maintenance was set or lifted, or the entry is gone: read it to find out.
    await this.#readAgain(context);
    if (!(await this.#writeReport(report, context))) throw overtaken('renew', this.#instance.id);
  }

  /** Writes the report if it differs from the last one. False if the entry has changed since our last write. */
  async #writeReport(report: HealthReport, context: RequestContext): Promise<boolean> {
    const { record, lease } = this.#entry;
    const next = renewed(record.leased, report);
    if (this.#says(report)) return this.#isIntact(context);
    try {
      const written = await this.#store.write(next, lease, this.#entry, context);
      if (written !== undefined) this.#has(written, isInTraffic(next));
      return written !== undefined;
    } catch (thrown) {
      return this.#afterRefusal(thrown, next, context);
    }
  }

  /** Whether the entry says this already. */
  #says(report: HealthReport): boolean {
    const { leased } = this.#entry.record;
    const { beat } = leased;
    const next = renewed(leased, report);
    return (
      next.beat.status === beat.status && next.beat.reason === beat.reason && this.#inTraffic === isInTraffic(next)
    );
  }

  /** What a refused write leaves to do: not serving outranks it, and a mere reason or warning can wait. */
  async #afterRefusal(thrown: unknown, next: LeasedInstance, context: RequestContext): Promise<boolean> {
    const { leased, publishedAt } = this.#entry.record;
    if (!isRefusal(thrown)) throw thrown;
    if (isInTraffic(next) === this.#inTraffic && (isPublished(leased) || !isPublished(next)))
      return this.#isIntact(context);
    if (isInTraffic(next) || publishedAt === undefined || !isRefusal(thrown, 'no space')) throw thrown;
    if (!(await this.#store.withhold(this.#entry, context))) return false;
    this.#has({ ...this.#entry, record: { leased, publishedAt: undefined } }, false);
    return true;
  }

  async #isIntact(context: RequestContext): Promise<boolean> {
    const revision = await this.#store.verify(this.#entry, context);
    if (revision !== undefined) this.#seenRevision = revision;
    return revision !== undefined;
  }

  #has(entry: LeasedRecord, inTraffic: boolean): void {
    this.#entry = entry;
    this.#seenRevision = entry.revision;
    this.#inTraffic = inTraffic;
  }

  /** Reads the entry again. Throws `RegistrationLostError` unless it is still ours and complete. */
  async #readAgain(context: RequestContext): Promise<void> {
    const { lease, revision } = this.#entry;
    const found = await this.#store.find(this.#instance, context);
    const record = found?.record;
    if (found === undefined || record?.leased.instance.nonce !== this.#instance.nonce || found.lease !== lease) {
      // No key of ours may remain beside the entry that is written next.
      await this.#store.revoke(lease, context);
      throw this.#lost(found === undefined ? 'another client removed it' : 'another client replaced it');
    }
    if (found.revision === revision) throw this.#lost('the key that its readers find was removed or overwritten');
    this.#has({ ...found, record }, isInTraffic(record.leased));
  }

  #lost(reason: string): RegistrationLostError {
    return new RegistrationLostError(`etcd no longer has ${this.#instance.id}: ${reason}`, {
      registry: 'etcd',
      operation: 'renew',
    });
  }
}
