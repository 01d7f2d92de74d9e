import type { ComponentHealth, Health, HealthStatus } from '../contracts/health-report.js';

/** Limits the reason, however many components there are. */
const LONGEST_REASON = 1_000;

const badness: Readonly<Record<ComponentHealth['effect'], number>> = { none: 0, degraded: 1, warning: 2, critical: 3 };
const statuses: Readonly<Record<ComponentHealth['effect'], HealthStatus>> = {
  none: 'passing',
  degraded: 'passing',
  warning: 'warning',
  critical: 'critical',
};

/**
 * The health of the instance: the worst effect of its components. It contains only names and reason codes in a fixed
 * order, so that equal health gives equal text.
 */
export function aggregateHealth(components: readonly ComponentHealth[]): Health {
  const ordered = [...components].sort((a, b) => badness[b.effect] - badness[a.effect] || (a.name < b.name ? -1 : 1));
  const worst = ordered[0]?.effect ?? 'none';
  const troubles = ordered.filter(({ effect }) => effect !== 'none').map(({ name, reason }) => `${name} ${reason}`);
  return {
    status: statuses[worst],
    reason: troubles.length === 0 ? 'ok' : `${worst}: ${listed(troubles)}`,
    degraded: worst === 'degraded',
    components: ordered,
  };
}

/** Joins as many as fit, the worst first. */
function listed(troubles: readonly string[]): string {
  const whole = troubles.join(', ');
  if (whole.length <= LONGEST_REASON) return whole;
  const shown = whole.slice(0, whole.lastIndexOf(', ', LONGEST_REASON));
  return `${shown} and ${String(troubles.length - shown.split(', ').length)} more`;
}
