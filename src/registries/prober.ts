import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { TimeoutError } from '../core/errors.js';
import type { Member } from './member.js';

/** The share of the TTL for which a request may have no answer before its member is probed … */
const UNANSWERED_SHARE = 6;
/** … and for which each probe may have none. */
const PROBE_SHARE = 12;

/** A small request that every member answers at once. */
export type Probe = (member: Member, signal: AbortSignal) => Promise<unknown>;

/** How to tell a member that hangs from one whose request is merely slow. */
export interface ProbePlan {
  readonly clock: Clock;
  /** The shortest TTL of the instances, within which a member has to be passed over. */
  readonly ttlMs: () => number;
  readonly members: readonly Member[];
}

interface Waiting {
  readonly since: number;
  readonly ended: AbortController;
}

/**
 * Probes a member while a request to it has no answer, and the others beside it. Ends the request once the member is
 * out and another one answers; without another one, nothing speaks against waiting on.
 */
export class Prober {
  readonly #plan: ProbePlan;
  readonly #waiting = new Map<Member, Set<Waiting>>();
  readonly #probed = new Set<Member>();

  constructor(plan: ProbePlan) {
    this.#plan = plan;
  }

  /** Settles as `verb` does. Rejects with `TimeoutError` when the member is passed over meanwhile. */
  async run<T>(
    member: Member,
    probe: Probe,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock, ttlMs } = this.#plan;
    const waiting = { since: clock.now(), ended: new AbortController() };
    const all = this.#waiting.get(member) ?? new Set();
    // A heartbeat is due while the last one has no answer: that is long enough.
    const unansweredMs = all.size > 0 ? 0 : ttlMs() / UNANSWERED_SHARE;
    this.#waiting.set(member, all.add(waiting));
    const cancel = clock.after(unansweredMs, () => void this.#probe(member, probe));
    try {
      const bounded = AbortSignal.any([signal, waiting.ended.signal]);
      const value = await verb(bounded);
      bounded.throwIfAborted();
      return value;
    } finally {
      cancel();
      all.delete(waiting);
    }
  }

  /** Goes on until no request waits any more or the member has answered. Never rejects. */
  async #probe(member: Member, probe: Probe): Promise<void> {
    if (this.#probed.has(member)) return;
    this.#probed.add(member);
    const all = this.#waiting.get(member) ?? new Set();
    for (;;) {
      const [oldest] = all;
      if (oldest === undefined) break;
      const outcomes = await this.#askAll(probe);
      if (outcomes.get(member) === true || all.size === 0) break;
      for (const [other, hasAnswered] of outcomes) {
        if (hasAnswered) other.answered();
        else other.failed(other === member ? oldest.since : this.#plan.clock.now());
      }
      const hasOther = [...outcomes].some(([other, hasAnswered]) => other !== member && hasAnswered);
      if (member.isOut && hasOther) this.#endAll(member, all);
    }
    this.#probed.delete(member);
  }

  /** Asks all members once. Takes as long as one that is silent, so that no member is asked without a pause. */
  async #askAll(probe: Probe): Promise<Map<Member, boolean>> {
    const { clock, ttlMs, members } = this.#plan;
    const withinMs = ttlMs() / PROBE_SHARE;
    const pause = clock.sleep(withinMs);
    const outcomes = await Promise.all(
      members.map(async (member) => {
        const what = { registry: member.registry.name, operation: 'probe' };
        const asking = withDeadline(clock, withinMs, what, undefined, (bounded) => probe(member, bounded));
        return [
          member,
          await asking.then(
            () => true,
            () => false,
          ),
        ] as const;
      }),
    );
    await pause;
    return new Map(outcomes);
  }

  #endAll(member: Member, all: Set<Waiting>): void {
    const context = { registry: member.name, operation: 'probe' };
    for (const { ended } of all)
      ended.abort(new TimeoutError(`${member.name} did not answer, while another registry does`, context));
    all.clear();
  }
}
