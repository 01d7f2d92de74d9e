import type { Finding } from '../../contracts/health-report.js';
import type { Limits } from './ready-made.js';

/** The finding for a number and its limits. A value that is not a number is critical, because its source is broken. */
export function judgeFigure(
  value: unknown,
  { warn, critical }: Limits,
  show: (value: number) => string = String,
): Finding {
  if (typeof value !== 'number' || Number.isNaN(value))
    return { status: 'critical', detail: `${String(value)} is not a number` };
  const lessIsWorse = warn !== undefined && critical !== undefined && critical < warn;
  const reaches = (limit: number | undefined) => limit !== undefined && (lessIsWorse ? value <= limit : value >= limit);
  const status = reaches(critical) ? 'critical' : reaches(warn) ? 'warning' : 'passing';
  return { status, detail: show(value) };
}

/** A share as percent. */
export function asPercent(share: number): string {
  return `${String(Math.round(share * 100))} %`;
}
