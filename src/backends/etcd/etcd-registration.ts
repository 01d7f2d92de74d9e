import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { renewed } from '../../instance/leased-instance.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import type { Registration, Renewal } from '../../contracts/registry.js';
import { overtaken } from './etcd-errors.js';
import type { LeasedRecord } from './etcd-requests.js';
import type { RequestContext, EtcdStore } from './etcd-store.js';

/** The registration of one entry on one lease. */
export class EtcdRegistration implements Registration {
  readonly #store: EtcdStore;
  readonly #instance: ServiceInstance;
  readonly #removeEntry: (signal: AbortSignal) => Promise<void>;
  #entry: LeasedRecord;

  constructor(
    store: EtcdStore,
    instance: ServiceInstance,
    entry: LeasedRecord,
    removeEntry: (signal: AbortSignal) => Promise<void>,
  ) {
    this.#store = store;
    this.#instance = instance;
    this.#entry = entry;
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
    const ttlMs = await this.#store.keepAlive(this.#entry.lease, context);
    if (ttlMs === undefined) throw this.#lost('its lease has expired or was revoked');
    if (!(await this.#writeReport(report, context))) {
      // Maintenance was set or lifted, or the entry is gone: read it to find out.
      this.#entry = await this.#readAgain(context);
      if (!(await this.#writeReport(report, context))) throw overtaken('renew', this.#instance.id);
    }
    return { ttlMs };
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#store.change(this.#entry, { operation: 'changed', signal });
  }

  async deregister(signal: AbortSignal): Promise<void> {
    // Every key on our lease is ours; a successor has its own lease.
    await this.#store.revoke(this.#entry.lease, { operation: 'deregister', signal });
    await this.#removeEntry(signal);
  }

  /** Writes the report if it differs from the last one. False if the entry has changed since our last write. */
  async #writeReport(report: HealthReport, context: RequestContext): Promise<boolean> {
    const { record, lease } = this.#entry;
    const next = renewed(record.leased, report);
    const { beat } = record.leased;
    if (next.beat.status === beat.status && next.beat.reason === beat.reason)
      return this.#store.isIntact(this.#entry, context);
    const written = await this.#store.write(next, lease, this.#entry, context);
    if (written !== undefined) this.#entry = written;
    return written !== undefined;
  }

  /** Reads the entry again. Throws `RegistrationLostError` unless it is still ours and complete. */
  async #readAgain(context: RequestContext): Promise<LeasedRecord> {
    const { lease, revision } = this.#entry;
    const found = await this.#store.find(this.#instance, context);
    const record = found?.record;
    if (found === undefined || record?.leased.instance.nonce !== this.#instance.nonce || found.lease !== lease) {
      // No key of ours may remain beside the entry that is written next.
      await this.#store.revoke(lease, context);
      throw this.#lost(found === undefined ? 'another client removed it' : 'another client replaced it');
    }
    if (found.revision === revision) throw this.#lost('the key that its readers find was removed or overwritten');
    return { ...found, record };
  }

  #lost(reason: string): RegistrationLostError {
    return new RegistrationLostError(`etcd no longer has ${this.#instance.id}: ${reason}`, {
      registry: 'etcd',
      operation: 'renew',
    });
  }
}
