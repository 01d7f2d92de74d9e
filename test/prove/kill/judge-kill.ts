import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** When the service is started again: once its old entry has expired, or while readers are still given it. */
export type Restart = 'after expiry' | 'at once';

/**
 * What was observed, `at` on the wall clock. A part is `killed`, `restarted`, `listening`, `opened`, `over`, in this order: one
 * death and the next start. What was seen last before a part counts as its beginning.
 */
export type KillEvent =
  | {
      readonly event: 'killed';
      readonly who: 'ours' | 'control';
      readonly round: number;
      readonly restart: Restart;
      readonly at: number;
    }
  | { readonly event: 'restarted' | 'listening' | 'opened' | 'over'; readonly at: number }
  /** A bare process starts, listens and deregisters an entry: how long after its start readers no longer found that. */
  | { readonly event: 'raw'; readonly round: number; readonly at: number; readonly tookMs: number }
  /** What the catalog holds of the service; noted when it changes. */
  | { readonly event: 'seen'; readonly at: number; readonly entries: number; readonly passing: number };

export interface KillBounds {
  /** Of an entry that is left to expire. */
  readonly ttlMs: number;
}

export const bounds = {
  /** Of the TTL: what the agent, the catalog and a look every few milliseconds may add to it. */
  slackShare: 0.1,
  /** Of what a bare process takes from its start: like that, ours spends most of this time on loading modules. */
  clearedShare: 0.5,
} as const;

export interface KillFigures {
  /** From the kill to being out of `?passing` with nobody's help. */
  readonly outMs: Spread;
  /** Restarted at once: from 'listening' to the old entry being out of traffic. */
  readonly clearedMs: Spread;
  /** For a bare process: from its start to the old entry being out of traffic. */
  readonly rawRestartMs: Spread;
  /** One over the other, at their medians. */
  readonly clearedShare: number;
  /** From the gate's opening to passing again. */
  readonly backMs: Spread;
}

/** What one death and the next start give samples for. */
type Sampled = 'outMs' | 'clearedMs' | 'backMs';

export function judgeKill(history: readonly KillEvent[], { ttlMs }: KillBounds): Verdict<KillFigures> {
  const problems: string[] = [];
  const limitMs = ttlMs * (1 + bounds.slackShare);
  const took: Record<Sampled, number[]> = { outMs: [], clearedMs: [], backMs: [] };
  let controlStayed = false;
  let controlDoubled = false;
  for (const part of partsOf(history)) {
    if (part.who === 'control') {
      controlStayed ||= part.passingAt(part.at + limitMs);
      controlDoubled ||= part.last?.entries === 2;
      continue;
    }
    const found = part.judge(limitMs);
    problems.push(...found.problems.map((problem) => `round ${part.round}, restarted ${part.restart}: ${problem}`));
    for (const [figure, value] of Object.entries(found.figures)) took[figure as Sampled].push(value);
  }
  const spreads = { outMs: spreadOf(took.outMs), clearedMs: spreadOf(took.clearedMs), backMs: spreadOf(took.backMs) };
  const rawRestartMs = spreadOf(history.flatMap((event) => (event.event === 'raw' ? [event.tookMs] : [])));
  const figures = { ...spreads, rawRestartMs, clearedShare: rounded(spreads.clearedMs.p50 / rawRestartMs.p50) };
  problems.push(...findUnmeasured({ ...figures }));
  if (figures.clearedShare > bounds.clearedShare) {
    const times = `${figures.clearedShare} times what a bare process takes from its start`;
    problems.push(`restarted at once, the old entry was out after ${times}, promised are ${bounds.clearedShare}`);
  }
  if (!controlStayed || !controlDoubled)
    problems.push('the control, which has neither a TTL nor a fixed id, left no ghost: this experiment proves nothing');
  return { problems, figures };
}

function partsOf(history: readonly KillEvent[]): Part[] {
  const starts = history.flatMap(({ event }, index) => (event === 'killed' ? [index] : []));
  return starts.map((start) => {
    const rest = history.slice(start);
    const length = rest.findIndex(({ event }, index) => event === 'over' || (index > 0 && event === 'killed'));
    const seenBefore = history.slice(0, start).findLast(({ event }) => event === 'seen');
    return new Part(length === -1 ? rest : rest.slice(0, length + 1), seenBefore);
  });
}

/** One death and the start that follows. */
class Part {
  readonly who: 'ours' | 'control';
  readonly round: number;
  readonly restart: Restart;
  readonly at: number;
  readonly #events: readonly KillEvent[];
  readonly #seen: readonly Extract<KillEvent, { event: 'seen' }>[];

  constructor(events: readonly KillEvent[], seenBefore: KillEvent | undefined) {
    const [killed] = events as [Extract<KillEvent, { event: 'killed' }>];
    ({ who: this.who, round: this.round, restart: this.restart, at: this.at } = killed);
    this.#events = events;
    this.#seen = [...(seenBefore === undefined ? [] : [seenBefore]), ...events].filter(
      (event) => event.event === 'seen',
    );
  }

  get last(): Extract<KillEvent, { event: 'seen' }> | undefined {
    return this.#seen.at(-1);
  }

  /** Whether anything passed at that moment: what was seen last before it. */
  passingAt(at: number): boolean {
    return (this.#seen.findLast((seen) => seen.at <= at)?.passing ?? 0) > 0;
  }

  judge(limitMs: number): { readonly problems: string[]; readonly figures: Partial<Record<Sampled, number>> } {
    const listeningAt = this.#when('listening');
    const openedAt = this.#when('opened');
    const overAt = this.#when('over');
    if (listeningAt === undefined || openedAt === undefined || overAt === undefined)
      return { problems: ['it was not observed to its end'], figures: {} };
    if (!this.passingAt(this.at)) return { problems: ['it did not pass when it was killed'], figures: {} };
    const problems: string[] = [];
    const figures: Partial<Record<Sampled, number>> = {};

    const out = this.#seen.find((seen) => seen.at > this.at && seen.passing === 0);
    if (out === undefined) problems.push('the dead entry was in ?passing for ever');
    else if (this.restart === 'after expiry') {
      figures.outMs = out.at - this.at;
      const lateMs = rounded(figures.outMs - limitMs);
      if (lateMs > 0) {
        const promised = `the ${limitMs} ms after the kill that are promised`;
        problems.push(`the dead entry was in ?passing ${lateMs} ms longer than ${promised}`);
      }
    } else if (out.at > listeningAt) {
      figures.clearedMs = out.at - listeningAt;
      if (out.at > openedAt) problems.push('the dead entry was in ?passing until the next process was ready');
    } else {
      problems.push('the dead entry was out before the next process listened: this round proves nothing');
    }

    const again = this.#seen.find((seen) => out !== undefined && seen.at > out.at && seen.passing > 0);
    if (again === undefined) problems.push('it did not pass again');
    else if (again.at < openedAt) problems.push(`it passed ${rounded(openedAt - again.at)} ms before it was ready`);
    else figures.backMs = again.at - openedAt;
    if (this.#seen.some((seen) => seen.at > listeningAt && seen.entries > 1))
      problems.push('two entries were there at a time');
    if (this.last?.entries !== 1 || this.last.passing !== 1)
      problems.push(
        `in the end there were ${this.last?.entries ?? 0} entries, ${this.last?.passing ?? 0} of them passing`,
      );
    return { problems, figures };
  }

  #when(event: 'listening' | 'opened' | 'over'): number | undefined {
    return this.#events.find((candidate) => candidate.event === event)?.at;
  }
}
