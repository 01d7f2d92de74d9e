import { isAbortError } from '../core/abort.js';

/** How long after the end of a TTL the slowest reader notices it: readers refresh at intervals of their own. */
export const EXPIRY_NOTICED_MS = 2_000;

/** The value of each setting that neither options nor environment give. Times are in milliseconds. */
export const defaults = Object.freeze({
  naming: 'plain',
  tier: 'core',
  ttlMs: Object.freeze({ core: 10_000, standard: 30_000 }),
  /** Heartbeats per TTL: two may fail before the entry expires. */
  beatsPerTtl: 3,
  thread: 'main',
  checkIntervalMs: 10_000,
  /** Or the check's interval, where that is shorter. */
  checkTimeoutMs: 5_000,
  /** Or twice the TTL, where that is longer. */
  deregisterCriticalAfterMs: 60_000,
  recover: true,
  drift: 'repair',
  onIdConflict: 'wait',
  healthPath: '/health',
  healthDetails: false,
  componentIntervalMs: 10_000,
  /** Or the component's interval, where that is shorter. */
  componentTimeoutMs: 2_000,
  onFail: 'degrade',
  countsAsFailure: (error: unknown) => !isAbortError(error),
  policy: 'deregister',
  shared: false,
  drainMinMs: 2_000,
  drainQuiet: 'auto',
  drainMaxMs: 15_000,
  drainStreamsMs: 10_000,
  holdClose: true,
  /** The share of a short `shutdown.timeout` that the drain may take. */
  drainShareOfStop: 0.6,
  stopTimeoutMs: 25_000,
  onExit: true,
  waitMs: 5_000,
  required: false,
} as const);
