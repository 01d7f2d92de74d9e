import type { OnFail, Finding } from '../contracts/health-report.js';
import type { ComponentHealth, ComponentReason, ComponentStatus } from '../contracts/health-report.js';

/** The outcome of one run or report. */
export interface Outcome extends Finding {
  readonly reason: ComponentReason;
}

/** The effect of each status under each `onFail`. */
export const effects: Readonly<Record<OnFail, Readonly<Record<ComponentStatus, ComponentHealth['effect']>>>> = {
  degrade: { passing: 'none', warning: 'degraded', critical: 'degraded' },
  warning: { passing: 'none', warning: 'warning', critical: 'warning' },
  critical: { passing: 'none', warning: 'warning', critical: 'critical' },
  break: { passing: 'none', warning: 'degraded', critical: 'degraded' },
};

const reasons: Readonly<Record<ComponentStatus, ComponentReason>> = {
  passing: 'ok',
  warning: 'warning',
  critical: 'failed',
};

/** Whether the value is 'passing', 'warning' or 'critical'. */
export function isComponentStatus(value: unknown): value is ComponentStatus {
  return typeof value === 'string' && Object.hasOwn(reasons, value);
}

/**
 * The outcome of a resolved run: `false` fails, a `Finding` has its own status, a result with `ok: false` (as of
 * `fetch`) fails, and everything else passes.
 */
export function outcomeOf(answer: unknown): Outcome {
  if (answer === false) return { status: 'critical', reason: 'failed', detail: 'the run said false' };
  const { status, detail, ok } = (answer ?? {}) as Partial<Record<keyof Finding | 'ok', unknown>>;
  if (ok === false)
    return {
      status: 'critical',
      reason: 'failed',
      detail: typeof status === 'number' ? `HTTP ${String(status)}` : 'the answer is not ok',
    };
  if (!isComponentStatus(status)) return { status: 'passing', reason: 'ok' };
  return { status, reason: reasons[status], ...(typeof detail === 'string' && { detail }) };
}
