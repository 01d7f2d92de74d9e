import type { Clock } from '../core/clock.js';

/** How long a registry that was stuck may still process buffered requests after its first answer. */
export const SETTLE_MS = 1_000;

/** Whether a write of ours that was given up may still arrive. */
export class WriteDoubt {
  readonly #clock: Clock;
  /** Writes that go on after their callers gave up. */
  #pending = 0;
  #open: { readonly since: number; answeredAt: number | undefined } | undefined;
  #isInherited = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /** True when another client's write is in doubt: that ends with the process. */
  get isInherited(): boolean {
    return this.#isInherited && this.isOpen;
  }

  /** A write was given up. Until `pending` settles, the doubt stays. */
  begin(pending: Promise<unknown> | undefined): void {
    this.#open = { since: this.#clock.now(), answeredAt: undefined };
    if (pending === undefined) return;
    this.#pending += 1;
    const finish = () => {
      this.#pending -= 1;
    };
    pending.then(finish, finish);
  }

  /** Another client of ours, which has ended, gave a write up. */
  inherit(): void {
    this.#isInherited = true;
    this.begin(undefined);
  }

  /**
   * The registry answered a request of this time. The doubt ends once it has been answering for a while; the answer to
   * a request from before the doubt proves nothing.
   */
  answered(sentAt: number): void {
    if (this.#open === undefined || this.#pending > 0 || sentAt < this.#open.since) return;
    const now = this.#clock.now();
    this.#open.answeredAt ??= now;
    if (now - this.#open.answeredAt >= SETTLE_MS) this.#open = undefined;
  }
}
