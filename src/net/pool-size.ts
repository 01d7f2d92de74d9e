import type { Agent } from 'node:http';
import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';

/** Far longer than a server that is well takes, even while many requests share few connections. */
const LATE_MS = 500;

/** How many connections a pool may have. */
export interface PoolLimits {
  /** Requests share so many while answers come on time. */
  readonly few: number;
  /** While answers come late, each request has one of its own, up to so many. */
  readonly most: number;
}

/**
 * Sizes a pool of connections by how late answers come: a request that waits for the connection of another one would
 * wait for that one's answer, too.
 */
export class PoolSize {
  readonly #agent: Agent;
  readonly #limits: PoolLimits;
  readonly #clock: Clock;
  #underWay = 0;
  /** When each request without an answer was sent that had a connection at once; the oldest first. */
  readonly #sentAt = new Map<object, number>();
  /** How long the last answer took. */
  #lastMs = 0;

  constructor(agent: Agent, limits: PoolLimits, clock: Clock = systemClock) {
    this.#agent = agent;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Call it before a request goes out; `request` is any object of its own. */
  sent(request: object): void {
    const now = this.#clock.now();
    const { few, most } = this.#limits;
    this.#agent.maxSockets = Math.max(this.#lastMs, this.#oldestMs(now)) < LATE_MS ? few : most;
    // The time of one that waits for a connection would tell of the crowd, and not of the server.
    if (this.#underWay < this.#agent.maxSockets) this.#sentAt.set(request, now);
    this.#underWay += 1;
  }

  answered(request: object): void {
    const sentAt = this.#sentAt.get(request);
    if (sentAt !== undefined) this.#lastMs = this.#clock.now() - sentAt;
  }

  /** Call it when nothing of the request is under way any more, after `answered`. */
  ended(request: object): void {
    this.#underWay -= 1;
    this.#sentAt.delete(request);
  }

  #oldestMs(now: number): number {
    for (const sentAt of this.#sentAt.values()) return now - sentAt;
    return 0;
  }
}
