import type { OwnOptions } from '../experiment/experiment.js';

export const lateForms = ['endpoints', 'chain', 'nearest'] as const;
export const lateFirsts = ['consul', 'etcd', 'redis'] as const;
export const lateThreads = ['main', 'worker'] as const;
/** In seconds. */
export const lateTtls = ['3', '10'] as const;
export const lateFaults = ['silent', 'reset', '500', 'slow'] as const;

/**
 * `--only`: how the two registries are given; `--first`: what the one with the fault is; `--thread`: where the
 * heartbeats come from; `--fault`: one of them; `--ttl`: with 10 only slow answers. All without them.
 */
export const lateOptions: OwnOptions = {
  only: lateForms,
  first: lateFirsts,
  thread: lateThreads,
  fault: lateFaults,
  ttl: lateTtls,
};
