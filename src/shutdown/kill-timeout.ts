import type { Pm2Env } from '../config/platform-env.js';
import { formatDuration } from '../core/duration.js';

/** PM2's own default, unless its daemon runs under PM2_KILL_TIMEOUT, which the service does not see. */
const PM2_DEFAULT_MS = 1_600;
/** What a stop needs beyond `shutdown.timeout`, e.g. to write its last lines. */
const SPARE_MS = 2_000;

/** Describes that PM2 kills the process before a stop may end; undefined when it does not. */
export function killTimeoutProblem({ killTimeoutMs }: Pm2Env, stopTimeoutMs: number): string | undefined {
  const grantedMs = killTimeoutMs ?? PM2_DEFAULT_MS;
  if (stopTimeoutMs <= grantedMs) return undefined;
  const source = killTimeoutMs === undefined ? 'its default, since kill_timeout is not set' : 'kill_timeout';
  return (
    `PM2 kills this process ${formatDuration(grantedMs)} after it asked for a stop (${source}), but ` +
    `\`shutdown.timeout\` is ${formatDuration(stopTimeoutMs)}: a stop that takes longer loses requests. Set ` +
    `kill_timeout: ${String(stopTimeoutMs + SPARE_MS)} in PM2's ecosystem file`
  );
}
