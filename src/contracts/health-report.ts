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

/** What a component was found to be, or was reported to be. */
export type ComponentStatus = 'passing' | 'warning' | 'critical';

/**
 * Why a component is what it is: `unknown` before it was first looked at; `failed`: it threw, said false or was reported so; `timeout`;
 * `hung`: a run that timed out has still not ended; `open`: its circuit is.
 */
export type ComponentReason = 'ok' | 'unknown' | 'warning' | 'failed' | 'timeout' | 'hung' | 'open';

/** How one component does. Nothing in it varies while it does the same: its own words are told by the `component` event alone. */
export interface ComponentHealth {
  readonly name: string;
  readonly status: ComponentStatus;
  readonly reason: ComponentReason;
  /** What that does to the instance; `degraded` leaves it passing in the registry. */
  readonly effect: 'none' | 'degraded' | 'warning' | 'critical';
}

/** The health of the whole instance and what it is made of; replaced by another one at each change. */
export interface Health extends HealthReport {
  /** Passing, but not as it should be. */
  readonly degraded: boolean;
  readonly components: readonly ComponentHealth[];
}

/** How far a failing component reaches; see `ComponentOptions.onFail`. */
export type OnFail = 'degrade' | 'warning' | 'critical' | 'break';

/** What a run can answer when yes and no are not enough. */
export interface Finding {
  readonly status: ComponentStatus;
  /** In its own words, for the `component` event of this process alone. */
  readonly detail?: string | undefined;
}
