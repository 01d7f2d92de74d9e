import { abortable, onAbort } from '../core/abort.js';
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
  readonly end: AbortController;
}

/**
 * The looks at a registry that has answered nothing yet. It may be hung, or just answer later than a caller waits. So a
 * look whose caller gave up goes on beside the next one, which takes another connection, and the first answer counts
 * for both. Only the oldest goes on so, since that is the one to be answered first.
 */
export class EarlyLooks {
  readonly #clock: Clock;
  readonly #registry: string;
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
    const end = new AbortController();
    // Not `AbortSignal.any`: the signal of a Registrar outlives thousands of looks, and would keep track of each.
    const removeListener = onAbort(outer, () => {
      end.abort(outer.reason);
    });
    const look = { id, answer: this.#send(read, bounded, end.signal), end };
    this.#underWay = [...this.#underWay, look];
    const forget = () => {
      removeListener();
      this.#underWay = this.#underWay.filter((other) => other !== look);
    };
    look.answer.then(forget, forget);
    const first = Promise.race(this.#underWay.filter((other) => other.id === id).map(({ answer }) => answer));
    const answer = await abortable(first, bounded).catch((thrown: unknown) => {
      if (look !== this.#underWay[0]) end.abort(new StoppedError('an older look may be answered first'));
      throw thrown;
    });
    for (const other of this.#underWay) other.end.abort(new StoppedError('another look was answered'));
    return answer;
  }

  async #send(
    read: (signal: AbortSignal) => Promise<Entry | undefined>,
    bounded: AbortSignal,
    until: AbortSignal,
  ): Promise<Answer> {
    const sentAt = this.#clock.now();
    const what = { registry: this.#registry, operation: 'read' };
    const entry = await withDeadline(this.#clock, LONGEST_REQUEST_MS, what, until, (signal) => {
      meterRequests(signal, meterOf(bounded));
      return read(signal);
    });
    return { entry, tookMs: this.#clock.now() - sentAt };
  }
}
