import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { renewed } from '../../instance/leased-instance.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import type { Registration, Renewal } from '../../contracts/registry.js';
import { overtaken } from './etcd-errors.js';
import type { Asking, EtcdStore, Held } from './etcd-store.js';

/** The receipt of an entry on one lease. */
export class EtcdRegistration implements Registration {
  readonly #store: EtcdStore;
  readonly #instance: ServiceInstance;
  readonly #leave: (signal: AbortSignal) => Promise<void>;
  #held: Held;

  constructor(store: EtcdStore, instance: ServiceInstance, held: Held, leave: (signal: AbortSignal) => Promise<void>) {
    this.#store = store;
    this.#instance = instance;
    this.#held = held;
    this.#leave = leave;
  }

  holder(): string {
    return 'etcd';
  }

  async renew(report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const asking: Asking = { operation: 'renew', pool: 'beat', signal };
    const ttlMs = await this.#store.keepAlive(this.#held.lease, asking);
    if (ttlMs === undefined) throw this.#lost('its lease has ended');
    if (!(await this.#say(report, asking))) {
      // Somebody has put it into maintenance or lifted that, or it is gone: only a look can tell.
      this.#held = await this.#look(asking);
      if (!(await this.#say(report, asking))) throw overtaken('renew', this.#instance.id);
    }
    return { ttlMs };
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#store.change(this.#held, { operation: 'changed', signal });
  }

  async deregister(signal: AbortSignal): Promise<void> {
    // Whatever is on our own lease is ours; a successor has one of its own.
    await this.#store.revoke(this.#held.lease, { operation: 'deregister', signal });
    await this.#leave(signal);
  }

  /** Writes what the heartbeat says if that is new. False when the entry is not as we left it. */
  async #say(report: HealthReport, asking: Asking): Promise<boolean> {
    const { record, lease } = this.#held;
    const next = renewed(record.leased, report);
    const { beat } = record.leased;
    if (next.beat.status === beat.status && next.beat.reason === beat.reason)
      return this.#store.isIntact(this.#held, asking);
    const written = await this.#store.write(next, lease, this.#held, asking);
    if (written !== undefined) this.#held = written;
    return written !== undefined;
  }

  /** The entry as it is now, if it is still ours and whole. */
  async #look(asking: Asking): Promise<Held> {
    const { lease, revision } = this.#held;
    const found = await this.#store.find(this.#instance, asking);
    const record = found?.record;
    if (found === undefined || record?.leased.instance.nonce !== this.#instance.nonce || found.lease !== lease) {
      // Nothing of ours is to live on beside what is written next.
      await this.#store.revoke(lease, asking);
      throw this.#lost(found === undefined ? 'somebody removed it' : 'somebody else wrote it');
    }
    if (found.revision === revision) throw this.#lost('what it shows to others was removed or written over');
    return { ...found, record };
  }

  #lost(how: string): RegistrationLostError {
    return new RegistrationLostError(`etcd no longer holds ${this.#instance.id}: ${how}`, {
      registry: 'etcd',
      operation: 'renew',
    });
  }
}
