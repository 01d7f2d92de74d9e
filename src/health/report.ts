/** `maintenance`: out of traffic on purpose, whatever the checks say. */
export type HealthStatus = 'passing' | 'warning' | 'critical' | 'maintenance';

/** What a heartbeat carries: the app's own health. */
export interface HealthReport {
  readonly status: HealthStatus;
  /** One stable line; unchanged health gives unchanged bytes, so that a registry has nothing to write. */
  readonly reason: string;
}

/** Begins the reason of every maintenance that a Registrar has set, so that none but such a one is ever lifted by one. */
const MARK = 'rollcall: ';

/** Maintenance of a Registrar's own, which it lifts again by itself. */
export function ownMaintenance(reason: string): HealthReport {
  return { status: 'maintenance', reason: MARK + reason };
}

/** False for an operator's maintenance: whoever set that has to lift it. */
export function isOwnMaintenance({ reason }: { readonly reason: string }): boolean {
  return reason.startsWith(MARK);
}
