import { abortable } from '../../core/abort.js';
import { RecentValues } from '../../core/recent-values.js';
import type { Receipts } from '../../contracts/registry.js';
import { int64Of } from './etcd-transaction.js';

/** Far more than start at once. A lease that is forgotten ends with its TTL. */
const MOST_GRANTED = 100;

/** The leases that are ours, by the nonce of the instance: those of its entries, and those for entries to come. */
export class EtcdLeases implements Receipts {
  readonly #owned = new Map<string, string>();
  readonly #granted = new RecentValues<Promise<string>>(MOST_GRANTED);

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
    const granting = grant();
    this.#granted.set(nonce, granting);
    try {
      await granting;
    } catch (thrown) {
      this.#granted.delete(nonce);
      throw thrown;
    }
  }

  /** The lease that was prepared, or a new one. */
  async take(nonce: string, grant: () => Promise<string>, signal: AbortSignal): Promise<string> {
    const prepared = this.#granted.take(nonce)?.value;
    const lease = prepared && (await abortable(prepared, signal).catch(() => undefined));
    signal.throwIfAborted();
    return lease ?? grant();
  }
}
