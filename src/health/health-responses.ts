import { NOT_READY } from './effective-report.js';
import type { ComponentHealth, ComponentStatus, Health } from '../contracts/health-report.js';

/** A health answer, ready to be written. */
export interface HealthResponse {
  readonly status: number;
  /** Alternating names and values, the form that Node writes at the least cost. */
  readonly headers: string[];
  readonly body: Buffer;
}

/** Limits all details, so that an answer stays under 4 kB. */
const LONGEST_DETAILS = 2_500;

/** The answers that do not depend on components, prepared once: a probe must be cheap even when memory is short. */
export const healthResponses = {
  live: healthJson(200, { status: 'pass' }),
  notReady: healthJson(503, { status: 'fail', output: NOT_READY }),
  draining: healthJson(503, { status: 'fail', output: 'draining' }),
  methodNotAllowed: {
    status: 405,
    headers: ['Allow', 'GET, HEAD', 'Cache-Control', 'no-store', 'Content-Length', '0'],
    body: Buffer.alloc(0),
  },
} satisfies Record<string, HealthResponse>;

/** The answers of a serving instance in one state of its health. */
export interface ServingResponses {
  readonly plain: HealthResponse;
  readonly detailed: HealthResponse;
  /**
   * For Consul's own check, which treats 429 as a warning
   * (https://developer.hashicorp.com/consul/docs/services/usage/checks).
   */
  readonly plainToConsul: HealthResponse;
  readonly detailedToConsul: HealthResponse;
}

/**
 * Prepares the answers in the format of the health+json draft
 * (https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06): `warn` for a warning and while
 * degraded. Details are names and reason codes only.
 */
export function servingResponses(health: Health): ServingResponses {
  const { status, degraded, reason, components } = health;
  const trouble = degraded ? 'degraded' : status;
  const verdict = status === 'critical' ? 'fail' : status === 'warning' || degraded ? 'warn' : 'pass';
  const content = (output: string) => ({ status: verdict, ...(verdict !== 'pass' && { output }) }) as const;
  const code = verdict === 'fail' ? 503 : 200;
  const consulCode = status === 'warning' ? 429 : code;
  // Component names count as details.
  const plain = content(trouble);
  const detailed = components.length === 0 ? plain : { ...content(reason), checks: checksOf(components) };
  return {
    plain: healthJson(code, plain),
    detailed: healthJson(code, detailed),
    plainToConsul: healthJson(consulCode, plain),
    detailedToConsul: healthJson(consulCode, detailed),
  };
}

const verdicts: Readonly<Record<ComponentStatus, Verdict>> = { passing: 'pass', warning: 'warn', critical: 'fail' };

type Verdict = 'pass' | 'warn' | 'fail';
type Checks = Record<string, readonly [{ readonly status: Verdict; readonly output?: string }]>;

/** As many as fit, the worst first. */
function checksOf(components: readonly ComponentHealth[]): Checks {
  const checks: Checks = {};
  let room = LONGEST_DETAILS;
  for (const { name, status, reason } of components) {
    const check = { status: verdicts[status], ...(reason !== 'ok' && { output: reason }) };
    room -= JSON.stringify({ [name]: [check] }).length;
    if (room < 0) break;
    checks[name] = [check];
  }
  return checks;
}

function healthJson(status: number, content: { status: Verdict; output?: string; checks?: Checks }): HealthResponse {
  const body = Buffer.from(JSON.stringify(content));
  const headers = [
    'Content-Type',
    'application/health+json',
    'Cache-Control',
    'no-store',
    'Content-Length',
    String(body.length),
  ];
  return { status, headers, body };
}
