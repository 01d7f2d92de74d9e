import type { Health, HealthReport } from '../contracts/health-report.js';
import { formatDuration } from '../core/duration.js';

export const NOT_READY = 'not ready yet';

/** The facts that decide a heartbeat's report. */
export interface ReportFacts {
  /** The start gate has opened. */
  readonly isReady: boolean;
  /** The host's maintenance; undefined: none. */
  readonly maintenance: HealthReport | undefined;
  /** The tolerance that the main thread's stall exceeds; undefined while it runs. */
  readonly exceededStallToleranceMs: number | undefined;
  readonly isServerFailing: boolean;
  /** The health of the components. */
  readonly health: HealthReport;
}

/**
 * The report of a heartbeat: the first fact that applies wins. Maintenance precedes faults, so that a fault never
 * ends maintenance in the registry.
 */
export function effectiveReport(facts: ReportFacts): HealthReport {
  const { isReady, maintenance, exceededStallToleranceMs, isServerFailing, health } = facts;
  if (!isReady) return { status: 'critical', reason: NOT_READY };
  if (maintenance !== undefined) return maintenance;
  if (exceededStallToleranceMs !== undefined) {
    const tolerance = formatDuration(exceededStallToleranceMs);
    return { status: 'critical', reason: `the event loop is stalled for longer than ${tolerance}` };
  }
  if (isServerFailing) return { status: 'critical', reason: 'the server fails' };
  return health;
}

/** The facts that decide the answers on the health paths, read at each request. */
export interface ProbeFacts {
  /** The start gate has opened. */
  readonly ready: boolean;
  /** Deregistering has begun. */
  readonly draining: boolean;
  /** The health of the components; a new object at each change. */
  readonly health: Health;
}

/**
 * The answer of the health paths: the first fact that applies wins. Maintenance, a failing server and a stall change
 * only the registry, not the answer.
 */
export function probedHealth({ ready, draining, health }: ProbeFacts): 'draining' | typeof NOT_READY | Health {
  if (draining) return 'draining';
  return ready ? health : NOT_READY;
}
