import { asPercent, judgeFigure } from './judge-figure.js';
import type { Limits, ReadyMade } from './ready-made.js';

/**
 * The memory use of this process as a share of V8's heap limit or of the container's limit, whichever is closer.
 * Limits are shares too. @default { warn: 0.9, critical: 0.97 }
 */
export function memory(limits: Limits = { warn: 0.9, critical: 0.97 }): ReadyMade {
  return {
    async run() {
      const { getHeapStatistics } = await import('node:v8');
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      const granted = process.constrainedMemory();
      // Without a limit it is 0, or more than any machine has.
      const ofContainer = granted > 0 ? process.memoryUsage.rss() / granted : 0;
      return judgeFigure(Math.max(used / limit, ofContainer), limits, asPercent);
    },
  };
}
