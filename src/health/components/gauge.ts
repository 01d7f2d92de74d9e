import { judgeFigure } from './judge-figure.js';
import type { Limits, ReadyMade } from './ready-made.js';

/**
 * A number with limits, e.g. the lag of a queue or the use of a pool: warning at `warn`, critical at `critical`. When
 * `critical` is below `warn`, lower is worse. A `read` that throws or returns no number is critical.
 */
export function gauge(read: () => number | Promise<number>, limits: Limits): ReadyMade {
  return { run: async () => judgeFigure(await read(), limits) };
}
