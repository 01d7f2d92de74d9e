import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { ConnectionPool } from './etcd-connection.js';

/** A member that has not answered a request for so long may have hung. */
const HUNG_MS = 2_000;

interface Sent {
  readonly index: number;
  readonly pool: ConnectionPool;
  readonly signal: AbortSignal;
  readonly at: number;
}

/** Which member of the cluster to send the next request to. */
export class EtcdMembers {
  readonly #count: number;
  readonly #clock: Clock;
  /** The member that answered last. */
  #preferred = 0;
  /** Requests without an answer yet, but for long polls; `signal` is that of the verb. */
  readonly #sent = new Set<Sent>();

  constructor(count: number, clock: Clock = systemClock) {
    this.#count = count;
    this.#clock = clock;
  }

  get preferred(): number {
    return this.#preferred;
  }

  /**
   * The member to send a request to: not one that has not answered another verb for long, nor, for a heartbeat, one
   * that has not answered the one before.
   */
  choose(pool: ConnectionPool, signal: AbortSignal): number {
    const preferred = this.#preferred;
    const now = this.#clock.now();
    const mayHaveHung = [...this.#sent].some(
      (other) =>
        other.index === preferred &&
        other.signal !== signal &&
        (now - other.at >= HUNG_MS || (pool === 'beat' && other.pool === 'beat')),
    );
    return pool !== 'poll' && mayHaveHung ? this.#next(preferred) : preferred;
  }

  /** Sends a request to a member. A heartbeat's answer makes it the preferred one. */
  async track<T>(pool: ConnectionPool, index: number, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    if (pool === 'poll') return send();
    const sent = { index, pool, signal, at: this.#clock.now() };
    this.#sent.add(sent);
    try {
      const answer = await send();
      if (pool === 'beat') this.#preferred = index;
      return answer;
    } finally {
      this.#sent.delete(sent);
    }
  }

  skip(index: number): void {
    if (this.#preferred === index) this.#preferred = this.#next(index);
  }

  #next(index: number): number {
    return (index + 1) % this.#count;
  }
}
