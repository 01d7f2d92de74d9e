import { abortable } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { StoppedError } from '../core/errors.js';
import { meterOf, meterRequests } from '../core/request-meter.js';
import type { Entry } from '../contracts/registry.js';
import type { InstanceKey } from '../contracts/service-instance.js';
import { LONGEST_REQUEST_MS } from './round-trip.js';

interface Answer {
  readonly entry: Entry | undefined;
  readonly tookMs: number;
}

interface Look {
  readonly id: string;
  readonly answer: Promise<Answer>;
}

/**
 * The looks at a registry that has answered nothing yet. It may be hung, or just answer later than a caller waits. So a
 * look whose caller gave up goes on beside the next one, which takes another connection, and the first answer counts
 * for both.
 */
export class EarlyLooks {
  readonly #clock: Clock;
  readonly #registry: string;
  /** Ends those under way when one is answered. */
  #answered = new AbortController();
  #underWay: readonly Look[] = [];

  constructor(clock: Clock, registry: string) {
    this.#clock = clock;
    this.#registry = registry;
  }

  /**
   * Settles as the first of the looks at this entry does, or rejects when `bounded` aborts. The look that it sends ends
   * with `outer`.
   */
  async look(
    { id }: InstanceKey,
    read: (signal: AbortSignal) => Promise<Entry | undefined>,
    bounded: AbortSignal,
    outer: AbortSignal,
  ): Promise<Answer> {
    const look = { id, answer: this.#send(read, bounded, outer) };
    this.#underWay = [...this.#underWay, look];
    const forget = () => {
      this.#underWay = this.#underWay.filter((other) => other !== look);
    };
    look.answer.then(forget, forget);
    const first = Promise.race(this.#underWay.filter((other) => other.id === id).map(({ answer }) => answer));
    const answer = await abortable(first, bounded);
    this.#answered.abort(new StoppedError('another look was answered'));
    this.#answered = new AbortController();
    return answer;
  }

  async #send(
    read: (signal: AbortSignal) => Promise<Entry | undefined>,
    bounded: AbortSignal,
    outer: AbortSignal,
  ): Promise<Answer> {
    const sentAt = this.#clock.now();
    const until = AbortSignal.any([outer, this.#answered.signal]);
    const what = { registry: this.#registry, operation: 'read' };
    const entry = await withDeadline(this.#clock, LONGEST_REQUEST_MS, what, until, (signal) => {
      meterRequests(signal, meterOf(bounded));
      return read(signal);
    });
    return { entry, tookMs: this.#clock.now() - sentAt };
  }
}
