import { parseDuration } from '../../core/duration.js';
import type { Duration } from '../../config/options.js';
import { ConfigError } from '../../core/errors.js';
import { judgeFigure } from './judge-figure.js';
import type { ReadyMade } from './ready-made.js';

/** The sampling interval; each sample includes one interval. */
const RESOLUTION_MS = 20;

export interface EventLoopLimits {
  readonly warn?: Duration;
  readonly critical?: Duration;
}

/**
 * The longest stall of the event loop since the last run, as Node's own sampler measured it. The sampler wakes up
 * every 20 ms from the first run to the stop and does not keep the process alive. Throws `ConfigError` for bad
 * limits. @default { warn: '200ms' }
 */
export function eventLoop({ warn, critical }: EventLoopLimits = { warn: '200ms' }): ReadyMade {
  const limits = { ...limitOf('warn', warn), ...limitOf('critical', critical) };
  if (limits.warn !== undefined && limits.critical !== undefined && limits.critical < limits.warn) {
    throw new ConfigError([{ field: 'eventLoop.critical', value: critical, allowed: 'at least eventLoop.warn' }]);
  }
  let sampler: ReturnType<typeof startSampler> | undefined;
  return {
    async run() {
      sampler ??= startSampler();
      const histogram = await sampler;
      const stalledMs = histogram.count === 0 ? 0 : Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);
      histogram.reset();
      return judgeFigure(stalledMs, limits, (ms) => `stalled for ${String(Math.round(ms))} ms`);
    },
    async close() {
      const closing = sampler;
      sampler = undefined;
      (await closing)?.disable();
    },
  };
}

async function startSampler() {
  const { monitorEventLoopDelay } = await import('node:perf_hooks');
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return histogram;
}

function limitOf(name: 'warn' | 'critical', value: Duration | undefined): { warn?: number; critical?: number } {
  if (value === undefined) return {};
  const ms = parseDuration(value);
  if (ms === undefined)
    throw new ConfigError([{ field: `eventLoop.${name}`, value, allowed: "a duration, e.g. '200ms'" }]);
  return { [name]: ms };
}
