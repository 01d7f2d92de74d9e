/** `maintenance` is an operator's word: out of traffic on purpose, whatever the checks say. */
export type HealthStatus = 'passing' | 'warning' | 'critical' | 'maintenance';

/** What a heartbeat carries: the app's own health. */
export interface HealthReport {
  readonly status: HealthStatus;
  /** One stable line; unchanged health gives unchanged bytes, so that a registry has nothing to write. */
  readonly reason: string;
}
