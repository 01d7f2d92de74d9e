import type { Clock } from '../core/clock.js';
import { AllRegistriesFailedError, CircuitOpenError, asError } from '../core/errors.js';
import { withDeadline } from '../core/deadline.js';
import { isAnswer } from './is-answer.js';
import { Member, isSilence } from './member.js';
import type { Patience } from './member.js';
import { Prober } from './prober.js';
import type { Probe } from './prober.js';
import type { Ranking } from './ranking.js';
import type { Registry } from '../contracts/registry.js';

/** How to rank, measure and skip the members. */
export interface MembersPlan {
  readonly patience: Patience;
  /** Order for registration: the first that answers is used. */
  readonly forRegistration: Ranking;
  /** Order for reading. */
  readonly forReading: Ranking;
  /** The age at which a round trip is measured again; undefined if the rankings do not use round trips. */
  readonly measureEveryMs?: number;
}

/** The longest time for the trial of a member that may not answer. */
const LONGEST_TRIAL_MS = 1_000;
/** The TTL by which members are judged before any instance is known. */
const USUAL_TTL_MS = 10_000;

/** The registries of a composition: which of them to use, in which order, and what a missing answer means. */
export class Members {
  readonly clock: Clock;
  readonly #name: string;
  readonly #plan: MembersPlan;
  readonly #members: readonly Member[];
  readonly #prober: Prober;
  #ttlMs: number | undefined;

  constructor(name: string, registries: readonly Registry[], plan: MembersPlan, clock: Clock) {
    this.#name = name;
    this.#plan = plan;
    this.clock = clock;
    const names = namesOf(registries);
    this.#members = registries.map(
      (registry, index) => new Member(registry, names[index] ?? registry.name, clock, plan.patience, () => this.ttlMs),
    );
    this.#prober = new Prober({ clock, ttlMs: () => this.ttlMs, members: this.#members });
  }

  /** The shortest TTL of the instances: a member that does not answer is passed over within it. */
  get ttlMs(): number {
    return this.#ttlMs ?? USUAL_TTL_MS;
  }

  /** Takes the TTL of an instance into account, if it is known. */
  serve(ttlMs: number | undefined): void {
    if (ttlMs !== undefined) this.#ttlMs = Math.min(this.#ttlMs ?? Infinity, ttlMs);
  }

  /**
   * Runs a verb at one member, which is probed when it does not answer soon. Rejects with `TimeoutError` when the
   * member is passed over meanwhile.
   */
  untilOut<T>(
    member: Member,
    probe: Probe,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#prober.run(member, probe, signal, verb);
  }

  /** In the order of the caller. */
  get all(): readonly Member[] {
    return this.#members;
  }

  /** In the order for registration, the preferred one first. */
  get ranked(): readonly Member[] {
    return this.#plan.forRegistration(this.#members);
  }

  /** In the order for reading; members that are out come last. */
  get readers(): readonly Member[] {
    return available(this.#plan.forReading(this.#members));
  }

  /** The preferred member for reading, if it is out and its trial is due. */
  get readersTrial(): Member | undefined {
    const first = this.#plan.forReading(this.#members).find(({ isWorthATry }) => isWorthATry);
    return first?.isOut === true ? first : undefined;
  }

  /** The error when all members are out and none is due for a trial. */
  allOut(operation: string): CircuitOpenError {
    const message =
      `${this.#name} did not try to ${operation}, because none of its registries has been answering and ` +
      'no trial is due yet: check that they are running';
    return new CircuitOpenError(message, { registry: this.#name, operation });
  }

  /** The permanent index of a member, independent of its rank. */
  indexOf(member: Member): number {
    return this.#members.indexOf(member);
  }

  /** The number of members that are preferred to this one for registration. */
  levelOf(member: Member): number {
    return this.ranked.indexOf(member);
  }

  /** True if the member is out and there is another one to try. */
  hasBetterThan(member: Member): boolean {
    return member.isOut && this.#members.some((other) => !other.isOut || (other !== member && other.trialIsDue));
  }

  /** The members to fail back to from this one: preferred, and either not out or due for a trial. */
  preferredTo(member: Member): Member[] {
    return this.ranked.slice(0, this.levelOf(member)).filter(({ isWorthATry }) => isWorthATry);
  }

  /** Time until the next trial of a preferred member that is out; undefined if there is none. */
  nextTrialInMs(member: Member): number | undefined {
    const trials = this.ranked.slice(0, this.levelOf(member)).flatMap(({ trialAt }) => trialAt ?? []);
    return trials.length === 0 ? undefined : Math.max(0, Math.min(...trials) - this.clock.now());
  }

  /**
   * Measures the round trip of one member, if the rankings use it and the last one is too old. `send` is any request
   * that is answered at once.
   */
  async measure(
    longestMs: number,
    signal: AbortSignal,
    send: (member: Member, signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const { measureEveryMs } = this.#plan;
    if (measureEveryMs === undefined) return;
    const member = this.#members.find(
      (candidate) => candidate.isWorthATry && this.clock.now() - candidate.measuredAt >= measureEveryMs,
    );
    if (member === undefined) return;
    await this.attempt(member, longestMs, signal, async (bounded) => {
      const sentAt = this.clock.now();
      await send(member, bounded);
      member.measured(this.clock.now() - sentAt);
    });
  }

  /**
   * Tries the members in turn and resolves to the first answer. Moves on when a member gives no answer and is out; with
   * a `probe`, that is found out while its answer is awaited. A
   * refusal is an answer and rejects, unless a member that is preferred to the refusing one was skipped and is due
   * for a trial.
   */
  async firstAnswer<T>(
    operation: string,
    members: readonly Member[],
    signal: AbortSignal,
    verb: (member: Member, signal: AbortSignal) => Promise<T>,
    probe?: Probe,
  ): Promise<T> {
    const errors: Error[] = [];
    let refusal: { readonly by: Member; readonly error: Error } | undefined;
    for (const member of members) {
      if (refusal !== undefined && !(member.trialIsDue && this.levelOf(member) < this.levelOf(refusal.by))) continue;
      const sentAt = this.clock.now();
      try {
        const value = await (probe === undefined
          ? verb(member, signal)
          : this.untilOut(member, probe, signal, (bounded) => verb(member, bounded)));
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

  /** Records how a member failed. True if it gave no answer at all, so that another may be tried. */
  recordFailure(member: Member, error: Error, sentAt: number): boolean {
    if (isSilence(error)) {
      member.failed(sentAt);
      return true;
    }
    if (isAnswer(error)) member.answered();
    return false;
  }

  /**
   * Runs one step beside the caller's own request, bounded so that it cannot use up the caller's deadline. Records a
   * failure instead of rejecting; the step is tried again later.
   */
  async attempt(
    member: Member,
    longestMs: number,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const sentAt = this.clock.now();
    try {
      await this.withTrialDeadline(member, longestMs, signal, work);
      member.answered();
    } catch (thrown) {
      signal.throwIfAborted();
      this.recordFailure(member, asError(thrown), sentAt);
    }
  }

  /**
   * Runs such a step without recording its outcome: a member that is out stays out until its trial. Rejects as `work`
   * does.
   */
  withTrialDeadline(
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

/**
 * Returns the members' names. Adds the endpoint to a name that several share, so that logs and events tell them
 * apart.
 */
function namesOf(registries: readonly Registry[]): string[] {
  return registries.map(({ name, endpoint }) => {
    const isUnique = registries.filter((other) => other.name === name).length === 1;
    return isUnique || endpoint === undefined ? name : `${name} at ${endpoint.host}:${String(endpoint.port)}`;
  });
}

/**
 * Sorts members that are out to the end, as a last resort. Among them, the one with the earliest trial comes first,
 * because a fixed order could start with one that always hangs.
 */
export function available(members: readonly Member[]): readonly Member[] {
  return [...members].sort((one, other) => (one.trialAt ?? -Infinity) - (other.trialAt ?? -Infinity) || 0);
}
