import { abortable } from '../../core/abort.js';
import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import { RecentValues } from '../../core/recent-values.js';
import type { Receipts } from '../../contracts/registry.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import { int64Of } from './etcd-transaction.js';

/** Far more than start at once. A lease that is forgotten ends with its TTL. */
const MOST_GRANTED = 100;

/** From this age on, in TTLs, a lease without an entry needs renewing. */
const AGING_SHARE = 1 / 3;

/** A lease that no entry is on yet. */
interface Granted {
  readonly lease: string;
  readonly askedAt: number;
}

/** The leases that are ours, by the nonce of the instance: those of its entries, and those for entries to come. */
export class EtcdLeases implements Receipts {
  readonly #owned = new Map<string, string>();
  readonly #granted = new RecentValues<Promise<Granted>>(MOST_GRANTED);
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** The lease that our entry is on; undefined: not that we know. */
  of(nonce: string): string | undefined {
    return this.#owned.get(nonce);
  }

  accept(nonce: string, lease: unknown): void {
    const known = int64Of(lease);
    if (known !== undefined) this.#owned.set(nonce, known);
  }

  forget(nonce: string): void {
    this.#owned.delete(nonce);
  }

  /** Asks for a lease for an entry to come, unless that is under way or done. */
  async prepare(nonce: string, grant: () => Promise<string>): Promise<void> {
    if (this.#granted.has(nonce)) return;
    const granting = this.#ask(grant);
    this.#granted.set(nonce, granting);
    try {
      await granting;
    } catch (thrown) {
      this.#granted.delete(nonce);
      throw thrown;
    }
  }

  /** The lease that was prepared, or a new one; `isAging`: much of its TTL is over, as its grant was long in coming. */
  async take(
    { nonce, ttlMs }: Pick<ServiceInstance, 'nonce' | 'ttlMs'>,
    grant: () => Promise<string>,
    signal: AbortSignal,
  ): Promise<{ lease: string; isAging: boolean }> {
    const prepared = this.#granted.take(nonce)?.value;
    const known = prepared && (await abortable(prepared, signal).catch(() => undefined));
    signal.throwIfAborted();
    const { lease, askedAt } = known ?? (await this.#ask(grant));
    return { lease, isAging: this.#clock.now() - askedAt >= AGING_SHARE * ttlMs };
  }

  async #ask(grant: () => Promise<string>): Promise<Granted> {
    const askedAt = this.#clock.now();
    return { lease: await grant(), askedAt };
  }
}
