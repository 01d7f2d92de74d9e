import type { Clock } from '../core/clock.js';
import { hasCode } from '../core/errors.js';
import type { RequestMeter } from '../core/request-meter.js';
import { wasNeverSent } from './is-answer.js';

/** The shortest time from one beat to the next, whatever a registry grants or asks for. */
export const SHORTEST_ROUND_MS = 50;
/** The most requests of one Registrar in a second, and the time by which a busy machine may bring two closer. */
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

/** A request that was sent, or will be. */
interface Slot {
  readonly at: number;
  /** The next beat keeps its distance to it. */
  isBeat: boolean;
}

/**
 * Limits the requests of one Registrar, whatever a registry answers: one that always says "not registered", or that
 * answers each long poll at once, would otherwise be asked without a pause. Verbs wait for their turn, and requests for
 * theirs, which is at once in normal operation.
 */
export class RequestPace {
  readonly #clock: Clock;
  /** Of the latest requests, the earliest first. */
  #slots: Slot[] = [];
  #lastLossAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a verb in its turn, which counts as one request until `meter` admits the first. Rejects with the signal's
   * reason, or as `work` does.
   */
  async run<T>(verb: PacedVerb, signal: AbortSignal, work: (meter: RequestMeter) => Promise<T>): Promise<T> {
    const isBeat = verb === 'renew';
    const turn = this.#take(isBeat, MOST_REQUESTS - (verbsOfStop.has(verb) ? MARGIN_OF_STOP : MARGIN));
    let latest = turn;
    try {
      const waitMs = turn.at - this.#clock.now();
      if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
      const meter = {
        admit: () => {
          // It may have taken long until the first one can be sent, as a login does.
          const isFirst = latest === turn;
          if (isFirst) this.#forget(turn);
          latest = this.#take(false, MOST_REQUESTS);
          latest.isBeat = isFirst && turn.isBeat;
          const ms = latest.at - this.#clock.now();
          // Not ended by the signal: the attempt at a connection outlives the verb that began it.
          return ms > 0 ? this.#clock.sleep(ms) : undefined;
        },
      };
      return await work(meter);
    } catch (error) {
      const wasNotSent = latest === turn && signal.aborted;
      if (wasNotSent || wasNeverSent(error)) this.#forget(latest);
      if (isBeat && hasCode(error, 'ROLLCALL_REGISTRATION_LOST')) this.#lost(turn.at);
      throw error;
    }
  }

  /** The first time at which so many requests are within the window. */
  #take(isBeat: boolean, most: number): Slot {
    const now = this.#clock.now();
    const lastBeatAt = isBeat ? this.#slots.findLast((slot) => slot.isBeat)?.at : undefined;
    const earliest = Math.max(now, (lastBeatAt ?? -Infinity) + SHORTEST_ROUND_MS);
    const slot = { at: Math.max(earliest, (this.#slots.at(-most)?.at ?? -Infinity) + WINDOW_MS), isBeat };
    this.#slots.push(slot);
    // A turn in the future may be counted already.
    if (slot.at < (this.#slots.at(-2)?.at ?? slot.at)) this.#slots.sort((one, other) => one.at - other.at);
    if (this.#slots.length > MOST_REQUESTS) this.#slots.shift();
    return slot;
  }

  /** Without it, what is given up before its turn would delay what follows, the more the longer that goes on. */
  #forget(slot: Slot): void {
    const index = this.#slots.indexOf(slot);
    if (index >= 0) this.#slots.splice(index, 1);
  }

  /**
   * A beat found that the entry is lost: the first beat of the next registration is a recovery, and need not wait. Four
   * times a second at most, since each answer may say so.
   */
  #lost(at: number): void {
    if (at - this.#lastLossAt < RECOVERY_EVERY_MS) return;
    this.#lastLossAt = at;
    for (const slot of this.#slots) slot.isBeat = false;
  }
}
