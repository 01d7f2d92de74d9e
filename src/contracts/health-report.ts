/** `maintenance`: out of traffic on purpose, whatever the checks say. */
export type HealthStatus = 'passing' | 'warning' | 'critical' | 'maintenance';

/** What a heartbeat reports: the app's own health. */
export interface HealthReport {
  readonly status: HealthStatus;
  /** One stable line: unchanged health gives unchanged bytes, so that the registry has nothing to write. */
  readonly reason: string;
}

/** True for a report with which readers must not send traffic. */
export function isNotServing({ status }: Pick<HealthReport, 'status'>): boolean {
  return status === 'critical' || status === 'maintenance';
}

/** Begins the reason of every maintenance that a Registrar sets, so that a Registrar never lifts an operator's. */
const MARK = 'rollcall: ';

/** Maintenance set by a Registrar, which lifts it by itself. */
export function ownMaintenance(reason: string): HealthReport {
  return { status: 'maintenance', reason: MARK + reason };
}

/** False for an operator's maintenance, which only the operator lifts. */
export function isOwnMaintenance({ reason }: { readonly reason: string }): boolean {
  return reason.startsWith(MARK);
}

/** The status of a component, as a run found it or the service reported it. */
export type ComponentStatus = 'passing' | 'warning' | 'critical';

/**
 * The reason of a component's status. `unknown`: not run yet; `failed`: the run threw, returned false or was reported
 * so; `timeout`: the run took too long; `hung`: a run that timed out has still not ended; `open`: its circuit breaker
 * is open.
 */
export type ComponentReason = 'ok' | 'unknown' | 'warning' | 'failed' | 'timeout' | 'hung' | 'open';

/**
 * The health of one component. It stays equal while the component's state does; only the `component` event carries
 * its details.
 */
export interface ComponentHealth {
  readonly name: string;
  readonly status: ComponentStatus;
  readonly reason: ComponentReason;
  /** The effect on the instance; a `degraded` instance stays passing in the registry. */
  readonly effect: 'none' | 'degraded' | 'warning' | 'critical';
}

/** The health of the whole instance with its components; each change creates a new object. */
export interface Health extends HealthReport {
  /** Passing although a component fails. */
  readonly degraded: boolean;
  readonly components: readonly ComponentHealth[];
}

/** The effect of a failing component; see `ComponentOptions.onFail`. */
export type OnFail = 'degrade' | 'warning' | 'critical' | 'break';

/** A detailed result of a run. */
export interface Finding {
  readonly status: ComponentStatus;
  /** Details for the `component` event; they never leave this process. */
  readonly detail?: string | undefined;
}
