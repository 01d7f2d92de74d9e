import type { HealthReport } from '../../contracts/health-report.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

/** True if readers must not send traffic to an instance with this report. */
export function isNotServing({ status }: HealthReport): boolean {
  return status === 'critical' || status === 'maintenance';
}

/** True if some readers send traffic to the instance: those of rollcall's records also to one that warns. */
export function isInTraffic({ beat, maintenance }: LeasedInstance): boolean {
  return !isNotServing(beat) && maintenance === undefined;
}

/** The instance as readers see it when its owner could only remove the key for other readers. */
export function outOfTraffic(leased: LeasedInstance): LeasedInstance {
  const reason = 'taken out of traffic: its key for other readers is gone';
  return { ...leased, beat: { status: 'critical', reason } };
}
