import type { Clock } from '../core/clock.js';
import { isAnswer, wasNeverSent } from './is-answer.js';

/** How long a registry that was stuck may still process buffered requests after its first answer. */
const SETTLE_MS = 1_000;

/** Whether a write of ours that was cut off may still take effect in the registry. */
export class WriteDoubt {
  readonly #clock: Clock;
  #pending = 0;
  #doubt: { answeredAt: number | undefined; readonly inherited?: true } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get exists(): boolean {
    return this.#doubt !== undefined;
  }

  /** True if a former client of ours left the doubt. */
  get isInherited(): boolean {
    return this.#doubt?.inherited === true;
  }

  inherit(): void {
    this.#doubt = { answeredAt: undefined, inherited: true };
  }

  /** A write failed. `pending`: the verb, which may outlast its caller; undefined if it never began. */
  failed(error: unknown, pending: Promise<unknown> | undefined): void {
    if (pending === undefined || isAnswer(error) || wasNeverSent(error)) return;
    this.#doubt = { ...this.#doubt, answeredAt: undefined };
    this.#pending += 1;
    const finish = () => {
      this.#pending -= 1;
    };
    pending.then(finish, finish);
  }

  /** The registry answered. Ends the doubt once it has done so for a while and no cut-off verb is still running. */
  answered(): void {
    if (this.#doubt === undefined || this.#pending > 0) return;
    const now = this.#clock.now();
    this.#doubt.answeredAt ??= now;
    if (now - this.#doubt.answeredAt >= SETTLE_MS) this.#doubt = undefined;
  }
}
