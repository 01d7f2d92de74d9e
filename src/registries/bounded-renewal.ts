import type { Renewal } from '../contracts/registry.js';
import { SHORTEST_ROUND_MS } from './request-pace.js';

/** A shorter grant cannot be kept: three beats have to fit into it, and `ttl` itself is at least 1 s. */
const SHORTEST_TTL_MS = 600;
/** A longer grant is taken for this. */
const LONGEST_TTL_MS = 86_400_000;

/**
 * What the core may believe of the answer to a beat: numbers that are finite and within bounds. A TTL that is no
 * positive number counts as granted as it was requested, and a hint that is no number as absent.
 */
export function boundedRenewal(renewal: Renewal, requestedTtlMs: number): Renewal {
  const { ttlMs, nextBeatInMs } = (renewal ?? {}) as { readonly [Field in keyof Renewal]?: unknown };
  const granted = isPositive(ttlMs)
    ? Math.min(Math.max(ttlMs, Math.min(SHORTEST_TTL_MS, requestedTtlMs)), Math.max(LONGEST_TTL_MS, requestedTtlMs))
    : requestedTtlMs;
  if (typeof nextBeatInMs !== 'number' || !Number.isFinite(nextBeatInMs)) return { ttlMs: granted };
  return { ttlMs: granted, nextBeatInMs: Math.max(SHORTEST_ROUND_MS, nextBeatInMs) };
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
