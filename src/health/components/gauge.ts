import { judgeFigure } from './judge-figure.js';
import type { Limits, ReadyMade } from './ready-made.js';

/**
 * A figure with limits, e.g. the lag of a queue or the use of a pool: a warning from `warn` on, critical from `critical` on; where
 * `critical` is the lower one, less is worse. `read` that throws, or gives no number, is critical.
 */
export function gauge(read: () => number | Promise<number>, limits: Limits): ReadyMade {
  return { run: async () => judgeFigure(await read(), limits) };
}
