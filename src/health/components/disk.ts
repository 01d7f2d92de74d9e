import { asPercent, judgeFigure } from './judge-figure.js';
import type { Limits, ReadyMade } from './ready-made.js';

/**
 * How full the file system of `path` is, as a share for users other than root. Limits are shares too. @default {
 * warn: 0.9, critical: 0.95 }
 */
export function disk(path: string, limits: Limits = { warn: 0.9, critical: 0.95 }): ReadyMade {
  return {
    async run() {
      const { statfs } = await import('node:fs/promises');
      const { blocks, bfree, bavail } = await statfs(path);
      const used = blocks - bfree;
      // As df computes it: blocks reserved for root are neither used nor available.
      return judgeFigure(used / Math.max(1, used + bavail), limits, asPercent);
    },
  };
}
