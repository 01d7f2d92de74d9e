/** Readers refresh at their own pace; so long after the end of a TTL the last of them has noticed. */
export const EXPIRY_NOTICED_MS = 2_000;

/** What holds when neither the options nor the environment say otherwise. Times are milliseconds. */
export const defaults = Object.freeze({
  naming: 'plain',
  tier: 'core',
  ttlMs: Object.freeze({ core: 10_000, standard: 30_000 }),
  /** Heartbeats a TTL: two may fail before the entry expires. */
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
  componentIntervalMs: 10_000,
  /** Or the component's interval, where that is shorter. */
  componentTimeoutMs: 2_000,
  onFail: 'degrade',
  signals: Object.freeze(['SIGTERM', 'SIGINT'] as const),
  policy: 'deregister',
  drainMinMs: 2_000,
  drainQuiet: 'auto',
  drainMaxMs: 15_000,
  /** What the drain may take at most of a `shutdown.timeout` shorter than the default one. */
  drainShareOfStop: 0.6,
  stopTimeoutMs: 25_000,
  crash: false,
  waitMs: 5_000,
  required: false,
} as const);
