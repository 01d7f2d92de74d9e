import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { ConfigError } from '../core/errors.js';
import { chainOf } from './chain.js';
import { chainIssues, chainWorkerSpec } from './composition.js';
import { asGiven, byDistance } from './ranking.js';
import type { Registry } from '../contracts/registry.js';

export interface NearestOptions {
  /**
   * True: instances register with the nearest registry too. False: with the first in the given order that answers.
   * @default false
   */
  readonly register?: boolean;
}

const OUT_AFTER_FAILURES = 3;
const TRIAL_AFTER_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;
const MEASURE_EVERY_MS = 10_000;

/**
 * Registries of several datacenters that all have the same service. Reads go to the one that answers with the
 * shortest round trip, and stay there until another is clearly nearer. Readers of one datacenter do not see what is
 * registered in another. Throws `ConfigError` for fewer than two registries.
 */
export function nearest(registries: readonly Registry[], options: NearestOptions = {}): Registry {
  return nearestOn(systemClock, registries, options);
}

/** `nearest()` with the clock as a parameter. */
export function nearestOn(clock: Clock, registries: readonly Registry[], options: NearestOptions = {}): Registry {
  const issues = chainIssues('nearest', registries);
  const { register = false } = options;
  if (typeof register !== 'boolean')
    issues.push({ field: 'nearest register', value: register, allowed: 'true or false' });
  if (issues.length > 0) throw new ConfigError(issues);
  const ranking = byDistance();
  return chainOf(registries, {
    name: `nearest(${registries.map(({ name }) => name).join(', ')})`,
    patience: { failures: OUT_AFTER_FAILURES, outlastMs: 0, trialAfterMs: TRIAL_AFTER_MS, longestMs: LONGEST_PAUSE_MS },
    forRegistration: register ? ranking : asGiven,
    forReading: ranking,
    measureEveryMs: MEASURE_EVERY_MS,
    workerSpec: chainWorkerSpec('nearest', registries, options),
    clock,
  });
}
