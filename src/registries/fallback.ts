import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { parseDuration } from '../core/duration.js';
import type { Duration } from '../config/options.js';
import { ConfigError } from '../core/errors.js';
import { chainOf } from './chain.js';
import { chainIssues, chainWorkerSpec } from './composition.js';
import { asGiven } from './ranking.js';
import type { Registry } from '../contracts/registry.js';

export interface FallbackOptions {
  /**
   * How long a registry may fail to answer before the next one is used. A refusal is an answer and never falls back.
   * @default '5s', or half the TTL where that is less
   */
  readonly patience?: Duration;
}

const TRIAL_AFTER_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * A chain of registries, the preferred one first. Registers with the first that answers, and falls back to the next
 * when one has not answered for `patience`. Fails back as soon as a preferred one answers again, and registers there
 * before it removes the lower entry. Readers of the same chain get what all of its registries have. A registry that
 * only this host sees (`file`) keeps the entry but never counts as listed: the state stays `recovering`. Throws
 * `ConfigError` for fewer than two registries or a bad `patience`.
 */
export function fallback(registries: readonly Registry[], options: FallbackOptions = {}): Registry {
  return fallbackOn(systemClock, registries, options);
}

/** `fallback()` with the clock as a parameter. */
export function fallbackOn(clock: Clock, registries: readonly Registry[], options: FallbackOptions = {}): Registry {
  const { patience } = options;
  const patienceMs = patience === undefined ? undefined : parseDuration(patience);
  const issues = chainIssues('fallback', registries);
  if (patience !== undefined && patienceMs === undefined)
    issues.push({ field: 'fallback patience', value: patience, allowed: `a duration, e.g. '5s'` });
  if (issues.length > 0) throw new ConfigError(issues);
  return chainOf(registries, {
    name: `fallback(${registries.map(({ name }) => name).join(', ')})`,
    patience: {
      failures: 1,
      outlastMs: patienceMs,
      trialAfterMs: TRIAL_AFTER_MS,
      longestMs: LONGEST_PAUSE_MS,
    },
    forRegistration: asGiven,
    forReading: asGiven,
    workerSpec: chainWorkerSpec('fallback', registries, options),
    gathers: true,
    clock,
  });
}
