import type { Clock } from '../core/clock.js';
import { hasCode } from '../core/errors.js';
import type { RequestMeter } from '../core/request-meter.js';
import { wasNeverSent } from './is-answer.js';

/** The shortest time from one beat to the next, whatever a registry grants or asks for. */
export const SHORTEST_ROUND_MS = 50;
/** The most requests of one Registrar in a second, and some time in which a busy machine may bring two closer together. */
const MOST_REQUESTS = 20;
const WINDOW_MS = 1_100;
/** A registration that lasted so long may be recovered without a pause. */
const RECOVERY_EVERY_MS = 250;
/** What verbs leave to those under way, which may need several requests each. */
const MARGIN = 6;
/** What a stop asks for, which may have little time left and has little else beside it. */
const MARGIN_OF_STOP = 2;
const verbsOfStop: ReadonlySet<PacedVerb> = new Set(['discover', 'remove', 'deregister']);

/** The operation of a verb. */
export type PacedVerb =
  'read' | 'list' | 'discover' | 'changed' | 'register' | 'renew' | 'maintain' | 'remove' | 'deregister';

/**
 * Limits the requests of one Registrar, whatever a registry answers: one that always says "not registered", or that
 * answers each long poll at once, would otherwise be asked without a pause. Verbs wait for their turn, and requests for
 * theirs, which is at once in normal operation.
 */
export class RequestPace {
  readonly #clock: Clock;
  /** When the latest requests were sent, or will be; the earliest first. */
  #times: number[] = [];
  #lastBeatAt = -Infinity;
  #lastLossAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a verb in its turn, which counts as one request until `meter` admits the first. Rejects with the signal's
   * reason, or as `work` does.
   */
  async run<T>(verb: PacedVerb, signal: AbortSignal, work: (meter: RequestMeter) => Promise<T>): Promise<T> {
    const startsAt = this.#takeTurn(verb);
    const waitMs = startsAt - this.#clock.now();
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
    let latestAt = startsAt;
    let isFirst = true;
    const meter = {
      admit: () => {
        // It may have taken long until the first one can be sent, as a login does.
        if (isFirst) this.#forget(startsAt);
        isFirst = false;
        const now = this.#clock.now();
        latestAt = Math.max(now, (this.#times.at(-MOST_REQUESTS) ?? -Infinity) + WINDOW_MS);
        this.#count(latestAt);
        // Not ended by the signal: the attempt at a connection outlives the verb that began it.
        return latestAt > now ? this.#clock.sleep(latestAt - now) : undefined;
      },
    };
    try {
      return await work(meter);
    } catch (error) {
      if (wasNeverSent(error)) this.#forget(latestAt);
      if (verb === 'renew' && hasCode(error, 'ROLLCALL_REGISTRATION_LOST')) this.#lost(startsAt);
      throw error;
    }
  }

  /** The time at which the verb may start. */
  #takeTurn(verb: PacedVerb): number {
    const now = this.#clock.now();
    const most = MOST_REQUESTS - (verbsOfStop.has(verb) ? MARGIN_OF_STOP : MARGIN);
    const earliest = verb === 'renew' ? Math.max(now, this.#lastBeatAt + SHORTEST_ROUND_MS) : now;
    const startsAt = Math.max(earliest, (this.#times.at(-most) ?? -Infinity) + WINDOW_MS);
    if (verb === 'renew') this.#lastBeatAt = startsAt;
    this.#count(startsAt);
    return startsAt;
  }

  #count(at: number): void {
    this.#times.push(at);
    // A turn in the future may be counted already.
    if (at < (this.#times.at(-2) ?? at)) this.#times.sort((one, other) => one - other);
    if (this.#times.length > MOST_REQUESTS) this.#times.shift();
  }

  #forget(at: number): void {
    const index = this.#times.lastIndexOf(at);
    if (index >= 0) this.#times.splice(index, 1);
  }

  /**
   * A beat found that the entry is lost: the first beat of the next registration is a recovery, and need not wait. Four
   * times a second at most, since each answer may say so.
   */
  #lost(at: number): void {
    if (at - this.#lastLossAt < RECOVERY_EVERY_MS) return;
    this.#lastLossAt = at;
    this.#lastBeatAt = -Infinity;
  }
}
