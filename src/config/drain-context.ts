import type { ConfigIssue } from '../core/errors.js';
import { serviceVariables, wholeEnvironment } from './env.js';
import type { Environment, ServiceEnv } from './env.js';
import type { CheckedOptions } from './schema.js';

/** The variables by which a run is a test or a developer's, that no caller waits for. */
export const runVariables = [
  {
    variable: 'NODE_ENV',
    meaning: '`test`: a stop [does without a drain](../shutdown/README.md#stop-without-a-drain)',
  },
  { variable: 'NODE_TEST_CONTEXT', meaning: 'the same; set by `node --test`' },
  { variable: 'WATCH_REPORT_DEPENDENCIES', meaning: 'the same; set by `node --watch`' },
] as const;

/** The values of the variables above. */
export type RunContext = Readonly<Partial<Record<(typeof runVariables)[number]['variable'], string>>>;

/** Reads them. An empty variable counts as not set. */
export function readRunContext(env: Environment = wholeEnvironment()): RunContext {
  return Object.fromEntries(
    runVariables.flatMap(({ variable }) => {
      const value = env[variable];
      return value ? [[variable, value]] : [];
    }),
  );
}

/** The problem of `SERVICE_DRAIN`; undefined when it is valid or not set. */
export function drainIssue({ drain }: ServiceEnv): ConfigIssue | undefined {
  if (drain === undefined || drain === 'on' || drain === 'off') return undefined;
  return { field: serviceVariables.drain.variable, value: drain, allowed: '`off` or `on`' };
}

/** Why a stop does without a drain; undefined: it drains. `SERVICE_DRAIN` decides before the other variables do. */
export function whyNoDrain(
  { shutdown }: Pick<CheckedOptions, 'shutdown'>,
  { drain }: Pick<ServiceEnv, 'drain'>,
  run: RunContext,
): string | undefined {
  if (shutdown?.drain === false) return '`shutdown.drain` is false';
  if (drain !== undefined) return drain === 'off' ? 'SERVICE_DRAIN is off' : undefined;
  if (run.NODE_ENV === 'test') return 'NODE_ENV is test';
  if (run.NODE_TEST_CONTEXT !== undefined) return 'node --test runs this process';
  if (run.WATCH_REPORT_DEPENDENCIES !== undefined) return 'node --watch runs this process';
  return undefined;
}
