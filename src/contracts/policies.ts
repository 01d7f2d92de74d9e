/** What to do when the registry's entry differs from what we wrote. */
export type DriftPolicy = 'repair' | 'report' | 'ignore';

/** What to do when another live instance holds our id: wait until it has gone, fail, or take another id. */
export type IdConflictPolicy = 'wait' | 'fail' | 'rename';

/** The thread that sends heartbeats. */
export type BeatThread = 'main' | 'worker';

/**
 * What a stop leaves in the registry: nothing; the entry in maintenance; the entry critical; or the entry unchanged
 * until its TTL expires.
 */
export type ShutdownPolicy = 'deregister' | 'maintenance' | 'critical' | 'leave';

/** Who sees in health answers how each component does: no client, clients on this host, or every client. */
export type HealthDetails = false | 'loopback' | true;
