import type { Health, HealthReport } from '../contracts/health-report.js';
import { formatDuration } from '../core/duration.js';

export const NOT_READY = 'not ready yet';

/** All that has a say in what a heartbeat carries. */
export interface ReportFacts {
  /** The start gate has opened. */
  readonly isReady: boolean;
  /** Of the host's own; undefined: none. */
  readonly maintenance: HealthReport | undefined;
  /** The tolerance that the silence of the main thread exceeds; undefined: it runs. */
  readonly exceededStallToleranceMs: number | undefined;
  readonly isServerFailing: boolean;
  /** What the components make it. */
  readonly health: HealthReport;
}

/**
 * What a heartbeat carries: the first fact that applies. What takes the instance out of traffic on purpose comes before
 * what went wrong, so that a fault never ends a maintenance in the registry.
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

/** What has a say in the answers on the health paths, known anew at each request. */
export interface ProbeFacts {
  /** The start gate has opened. */
  readonly ready: boolean;
  /** The instance is leaving. */
  readonly draining: boolean;
  /** What the components make it. Another object whenever anything in it has changed. */
  readonly health: Health;
}

/**
 * What a probe of the health paths learns: the first fact that applies. Maintenance, a failing server and a stall change
 * what the registry shows, and no answer.
 */
export function probedHealth({ ready, draining, health }: ProbeFacts): 'draining' | typeof NOT_READY | Health {
  if (draining) return 'draining';
  return ready ? health : NOT_READY;
}
