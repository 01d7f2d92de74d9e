/** What to do when the registry holds something else than what we wrote. */
export type DriftPolicy = 'repair' | 'report' | 'ignore';

/** What to do about another live instance under our id: look again until it has gone, give up, or take another id. */
export type IdConflictPolicy = 'wait' | 'fail' | 'rename';

/** Which thread of the process heartbeats come from. */
export type BeatThread = 'main' | 'worker';

/** What a stop leaves in the registry: nothing; the entry in maintenance; the entry critical; or the entry as it is, until its TTL runs out. */
export type ShutdownPolicy = 'deregister' | 'maintenance' | 'critical' | 'leave';
