import type { Clock } from '../core/clock.js';
import { AllRegistriesFailedError, CircuitOpenError, asError } from '../core/errors.js';
import { withDeadline } from '../core/deadline.js';
import { isAnswer } from './is-answer.js';
import { Member, isSilence } from './member.js';
import type { Patience } from './member.js';
import type { Ranking } from './ranking.js';
import type { Registry } from '../contracts/registry.js';

export interface MembersPlan {
  readonly patience: Patience;
  /** Where to register: the first one that answers. */
  readonly forRegistration: Ranking;
  /** Where readers read. */
  readonly forReading: Ranking;
  /** How old a round trip may get before it is measured again; undefined: the ranking does not ask for any. */
  readonly measureEveryMs?: number;
}

/** What a trial of a member that may not answer is given. */
const LONGEST_TRIAL_MS = 1_000;

/** The registries of a composition: who is asked, in which order, and what is made of silence. */
export class Members {
  readonly clock: Clock;
  readonly #name: string;
  readonly #plan: MembersPlan;
  readonly #members: readonly Member[];

  constructor(name: string, registries: readonly Registry[], plan: MembersPlan, clock: Clock) {
    this.#name = name;
    this.#plan = plan;
    this.clock = clock;
    const names = namesOf(registries);
    this.#members = registries.map(
      (registry, index) => new Member(registry, names[index] ?? registry.name, clock, plan.patience),
    );
  }

  /** As they were given. */
  get all(): readonly Member[] {
    return this.#members;
  }

  /** Where to register, the preferred one first. */
  get ranked(): readonly Member[] {
    return this.#plan.forRegistration(this.#members);
  }

  /** Who readers are sent to, in this order. */
  get readers(): readonly Member[] {
    return available(this.#plan.forReading(this.#members));
  }

  /** The readers' first choice while it is out but due for a trial. */
  get readersTrial(): Member | undefined {
    const first = this.#plan.forReading(this.#members).find(({ isWorthATry }) => isWorthATry);
    return first?.isOut === true ? first : undefined;
  }

  /** Why nobody is asked. */
  allOut(operation: string): CircuitOpenError {
    const message = `${this.#name} is not asked to ${operation}: none of its registries has been answering, and none is due for a trial yet`;
    return new CircuitOpenError(message, { registry: this.#name, operation });
  }

  /** Names a member for good, whatever the preference. */
  indexOf(member: Member): number {
    return this.#members.indexOf(member);
  }

  /** How many members are preferred to this one. */
  levelOf(member: Member): number {
    return this.ranked.indexOf(member);
  }

  /** A member is out, and there is another to try. */
  hasBetterThan(member: Member): boolean {
    return member.isOut && this.#members.some((other) => !other.isOut || (other !== member && other.trialIsDue));
  }

  /** Members worth moving to from this one now: preferred, and not known to be out. */
  preferredTo(member: Member): Member[] {
    return this.ranked.slice(0, this.levelOf(member)).filter(({ isWorthATry }) => isWorthATry);
  }

  /** How soon a member may be worth a try that is not now; undefined: nothing to wait for. */
  nextTrialInMs(member: Member): number | undefined {
    const trials = this.ranked.slice(0, this.levelOf(member)).flatMap(({ trialAt }) => trialAt ?? []);
    return trials.length === 0 ? undefined : Math.max(0, Math.min(...trials) - this.clock.now());
  }

  /** Takes the distance of one member, where that matters and has not been done for a while. `ask`: any request that is answered at once. */
  async measure(
    longestMs: number,
    signal: AbortSignal,
    ask: (member: Member, signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { measureEveryMs } = this.#plan;
    if (measureEveryMs === undefined) return;
    const member = this.#members.find(
      (candidate) => candidate.isWorthATry && this.clock.now() - candidate.measuredAt >= measureEveryMs,
    );
    if (member === undefined) return;
    await this.attempt(member, longestMs, signal, async (bounded) => {
      const sentAt = this.clock.now();
      await ask(member, bounded);
      member.measured(this.clock.now() - sentAt);
    });
  }

  /**
   * Asks the members one after another. What is no answer moves on once it has outlasted the patience; all else is the caller's, unless one that is
   * preferred to whoever refused, and was passed over, may be back.
   */
  async firstAnswer<T>(
    operation: string,
    members: readonly Member[],
    signal: AbortSignal,
    verb: (member: Member) => Promise<T>,
  ): Promise<T> {
    const errors: Error[] = [];
    let refusal: { readonly by: Member; readonly error: Error } | undefined;
    for (const member of members) {
      if (refusal !== undefined && !(member.trialIsDue && this.levelOf(member) < this.levelOf(refusal.by))) continue;
      const sentAt = this.clock.now();
      try {
        const value = await verb(member);
        member.answered();
        return value;
      } catch (thrown) {
        const error = asError(thrown);
        if (!this.recordFailure(member, error, sentAt)) {
          refusal ??= { by: member, error };
          continue;
        }
        errors.push(error);
        if (signal.aborted || !member.isOut) throw refusal?.error ?? error;
      }
    }
    if (refusal !== undefined) throw refusal.error;
    const [only] = errors;
    throw errors.length === 1 && only !== undefined
      ? only
      : new AllRegistriesFailedError(errors, { registry: this.#name, operation });
  }

  /** Remembers how a member failed. True when it gave no answer at all, so that another may be asked. */
  recordFailure(member: Member, error: Error, sentAt: number): boolean {
    if (isSilence(error)) {
      member.failed(sentAt);
      return true;
    }
    if (isAnswer(error)) member.answered();
    return false;
  }

  /** One step beside what was asked for, bounded so that it can never cost that; what fails is noted and tried again later. */
  async attempt(
    member: Member,
    longestMs: number,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const sentAt = this.clock.now();
    try {
      await this.aside(member, longestMs, signal, work);
      member.answered();
    } catch (thrown) {
      signal.throwIfAborted();
      this.recordFailure(member, asError(thrown), sentAt);
    }
  }

  /** The same, and nothing is made of its outcome: a registry that is out stays so until its trial. Rejects as `work` does. */
  aside(
    member: Member,
    longestMs: number,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<unknown> {
    return withDeadline(
      this.clock,
      Math.min(LONGEST_TRIAL_MS, longestMs),
      { registry: member.registry.name, operation: 'trial' },
      signal,
      work,
    );
  }
}

/** Their names; of those with the same one also where they are, so that whoever is told of a move can tell them apart. */
function namesOf(registries: readonly Registry[]): string[] {
  return registries.map(({ name, endpoint }) => {
    const isAlone = registries.filter((other) => other.name === name).length === 1;
    return isAlone || endpoint === undefined ? name : `${name} at ${endpoint.host}:${String(endpoint.port)}`;
  });
}

/** Those that are out come last, better than nobody; of them first the one that was left alone for longest: the first one may hang for ever. */
export function available(members: readonly Member[]): readonly Member[] {
  return [...members].sort((one, other) => (one.trialAt ?? -Infinity) - (other.trialAt ?? -Infinity) || 0);
}
