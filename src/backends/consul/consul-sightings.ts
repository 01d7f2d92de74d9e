import { systemClock } from '../../core/clock.js';
import type { Receipts } from '../../contracts/registry.js';
import { hasCode } from '../../core/errors.js';
import type { Clock } from '../../core/clock.js';

/** Records when the agent last showed that an entry is this incarnation's, by the nonce in its meta. */
export class ConsulSightings implements Receipts {
  readonly #clock: Clock;
  /** Clock times; -Infinity: not seen yet. */
  readonly #seenAt = new Map<string, number>();
  /** The nonce that was written last, by id. */
  readonly #nonces = new Map<string, string>();
  /** Nonces whose entry is under a long poll, which would have reported a change. */
  readonly #watched = new Set<string>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Begins to record this nonce. Under one id, it replaces an earlier one. */
  expect(nonce: string, id?: string): void {
    const former = id === undefined ? undefined : this.#nonces.get(id);
    if (former !== undefined && former !== nonce) this.missed(former);
    if (id !== undefined) this.#nonces.set(id, nonce);
    if (!this.#seenAt.has(nonce)) this.#seenAt.set(nonce, -Infinity);
  }

  forget(nonce: string): void {
    this.#seenAt.delete(nonce);
    for (const [id, latest] of this.#nonces) if (latest === nonce) this.#nonces.delete(id);
  }

  /** The agent has just shown an entry with this nonce. Other incarnations' nonces are ignored. */
  saw(nonce: string): void {
    if (this.#seenAt.has(nonce)) this.#seenAt.set(nonce, this.#clock.now());
  }

  /** The agent has just shown that the entry is absent or another incarnation's. */
  missed(nonce: string): void {
    if (this.#seenAt.has(nonce)) this.#seenAt.set(nonce, -Infinity);
  }

  /** Runs a long poll for a change of the entry, which the last answer showed. */
  async whileWatched<T>(nonce: string, signal: AbortSignal, poll: () => Promise<T>): Promise<T> {
    const isWatched = (this.#seenAt.get(nonce) ?? -Infinity) > -Infinity;
    if (isWatched) this.#watched.add(nonce);
    try {
      return await poll();
    } catch (thrown) {
      // We ended it ourselves, and it had reported no change until now.
      if (isWatched && signal.aborted && !hasCode(signal.reason, 'ROLLCALL_TIMEOUT')) this.saw(nonce);
      throw thrown;
    } finally {
      this.#watched.delete(nonce);
    }
  }

  /** When it was last seen, on the clock of the process. */
  of(nonce: string): number | undefined {
    return this.#watched.has(nonce) ? this.#clock.now() : this.#seenAt.get(nonce);
  }

  accept(nonce: string, seenAt: unknown): void {
    if (typeof seenAt === 'number') this.#seenAt.set(nonce, Math.max(seenAt, this.#seenAt.get(nonce) ?? -Infinity));
  }

  /** True if the entry was seen to be this incarnation's within this time. */
  isOurs(nonce: string, withinMs: number): boolean {
    const seenAt = this.#seenAt.get(nonce) ?? -Infinity;
    return this.#watched.has(nonce) || this.#clock.now() - seenAt <= withinMs;
  }
}
