import type { DiscoveredInstance } from '../contracts/discovery.js';
import { isNotServing } from '../contracts/health-report.js';

/** With fewer known, a doubt would outweigh what it protects. */
const LEAST_KNOWN = 3;
/** How long after a fault of the registry its answers are suspicious, and how long it must be sound to be believed. */
const SOUND_AFTER_MS = 10_000;
const LONGEST_MS = 60_000;

/** A doubt that has begun. Times are on the monotonic clock. */
export interface Doubt {
  readonly since: number;
  /** The healthy instances that were known when it began. */
  readonly known: readonly DiscoveredInstance[];
  /** The ids of all instances that were known then: any other is a newcomer. */
  readonly ids: ReadonlySet<string>;
}

export interface DoubtFacts {
  /** What was given before this answer. */
  readonly given: readonly DiscoveredInstance[];
  readonly answer: readonly DiscoveredInstance[];
  readonly doubt: Doubt | undefined;
  readonly now: number;
  /** The last failed poll, lost leader or index that fell; -Infinity: none. */
  readonly troubleAt: number;
  /** The vanished instances to which a connection was refused since, by `incarnationOf`. */
  readonly refused: ReadonlySet<string>;
}

export interface DoubtRuling {
  /** The answer, and the vanished instances that stay for now. */
  readonly instances: readonly DiscoveredInstance[];
  readonly kept: readonly DiscoveredInstance[];
  readonly doubt: Doubt | undefined;
}

/**
 * Decides whether instances that vanished are believed to be gone. A registry that lost its data, or that speaks before
 * it has recovered, lists none or few; most other answers are true and believed at once.
 */
export function judgeDoubt(facts: DoubtFacts): DoubtRuling {
  const { given, answer, doubt, now, troubleAt, refused } = facts;
  const believed: DoubtRuling = { instances: answer, kept: [], doubt: undefined };
  const known = doubt?.known ?? given.filter((instance) => !isNotServing(instance));
  const ids = doubt?.ids ?? new Set(given.map(({ id }) => id));
  const listed = new Set(answer.map(({ id }) => id));
  const vanished = known.filter(({ id }) => !listed.has(id));
  const newcomers = answer.filter(({ id }) => !ids.has(id)).length;
  if (vanished.length === 0 || newcomers >= vanished.length) return believed;
  if (doubt !== undefined) {
    if (now >= doubtEndsAt(doubt, troubleAt)) return believed;
  } else {
    const isSuspicious = answer.length === 0 || now - troubleAt < SOUND_AFTER_MS;
    if (!isSuspicious || known.length < LEAST_KNOWN || vanished.length <= known.length / 2) return believed;
  }
  const kept = vanished.filter((instance) => !refused.has(incarnationOf(instance)));
  if (kept.length === 0) return believed;
  return { instances: [...answer, ...kept], kept, doubt: doubt ?? { since: now, known, ids } };
}

/** When a doubt ends unless there is more trouble. */
export function doubtEndsAt({ since }: Doubt, troubleAt: number): number {
  return Math.min(since + LONGEST_MS, Math.max(since, troubleAt) + SOUND_AFTER_MS);
}

/** Tells an instance from an earlier one with the same id. */
export function incarnationOf({ id, nonce = '' }: Pick<DiscoveredInstance, 'id' | 'nonce'>): string {
  return `${nonce} ${id}`;
}
