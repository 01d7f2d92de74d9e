import type { OwnOptions } from '../experiment/experiment.js';

export const delayRegistries = ['consul', 'etcd', 'redis'] as const;
export const delayThreads = ['main', 'worker'] as const;
export const roundTrips = ['1', '2.5', '4.5', '6', '9'] as const;

/** `--only`: one registry; `--thread`: where the heartbeats come from; `--trip`: one round trip, in seconds. All without them. */
export const delayOptions: OwnOptions = { only: delayRegistries, thread: delayThreads, trip: roundTrips };
