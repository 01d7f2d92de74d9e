import type { ComponentHealth, ComponentReason, ComponentStatus } from './report.js';

/** How far a failing component reaches; see `ComponentOptions.onFail`. */
export type OnFail = 'degrade' | 'warning' | 'critical' | 'break';

/** What a run can answer when yes and no are not enough. */
export interface Finding {
  readonly status: ComponentStatus;
  /** In its own words, for the `component` event of this process alone. */
  readonly detail?: string | undefined;
}

/** A part of the service that is looked at, or that others report about, with everything decided. Times are milliseconds. */
export interface ComponentPlan {
  readonly name: string;
  /** Undefined: it is only reported about. */
  readonly run: ((signal: AbortSignal) => unknown) | undefined;
  /** Lets go of what the runs have kept. */
  readonly close: (() => unknown) | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many runs in a row that agree make it worse. */
  readonly failures: number;
  /** So many runs in a row that agree make it better. */
  readonly successes: number;
  readonly onFail: OnFail;
}

/** What came of one run or one report. */
export interface Outcome extends Finding {
  readonly reason: ComponentReason;
}

/** The effect of a status, by how far the component may reach. */
export const effects: Readonly<Record<OnFail, Readonly<Record<ComponentStatus, ComponentHealth['effect']>>>> = {
  degrade: { passing: 'none', warning: 'degraded', critical: 'degraded' },
  warning: { passing: 'none', warning: 'warning', critical: 'warning' },
  critical: { passing: 'none', warning: 'warning', critical: 'critical' },
  break: { passing: 'none', warning: 'degraded', critical: 'degraded' },
};

const reasons: Readonly<Record<ComponentStatus, ComponentReason>> = { passing: 'ok', warning: 'warning', critical: 'failed' };

/** True for 'passing', 'warning' and 'critical'. */
export function isComponentStatus(value: unknown): value is ComponentStatus {
  return typeof value === 'string' && Object.hasOwn(reasons, value);
}

/**
 * What a run that resolved has said: false is a no, a finding is what it says, an answer that is not `ok` (as of `fetch`) is a no, and
 * anything else is a yes.
 */
export function outcomeOf(answer: unknown): Outcome {
  if (answer === false) return { status: 'critical', reason: 'failed', detail: 'the run said false' };
  const { status, detail, ok } = (answer ?? {}) as Partial<Record<keyof Finding | 'ok', unknown>>;
  if (ok === false) return { status: 'critical', reason: 'failed', detail: typeof status === 'number' ? `HTTP ${String(status)}` : 'the answer is not ok' };
  if (!isComponentStatus(status)) return { status: 'passing', reason: 'ok' };
  return { status, reason: reasons[status], ...(typeof detail === 'string' && { detail }) };
}

/** What is wrong with the name of a component, as "what is allowed"; undefined when nothing is. It stands in the registry and in answers to anyone. */
export function componentNameFault(name: unknown): string | undefined {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) ? undefined : 'a name of letters, digits, `.`, `_` and `-`, at most 64 characters';
}
