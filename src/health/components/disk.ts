import { asPercent, judgeFigure } from './judge-figure.js';
import type { Limits, ReadyMade } from './ready-made.js';

/** How full the file system is that holds `path`, as a share for those who are not root. Limits are shares too. @default { warn: 0.9, critical: 0.95 } */
export function disk(path: string, limits: Limits = { warn: 0.9, critical: 0.95 }): ReadyMade {
  return {
    async run() {
      const { statfs } = await import('node:fs/promises');
      const { blocks, bfree, bavail } = await statfs(path);
      const used = blocks - bfree;
      // As df has it: what is kept for root is neither used nor to be had.
      return judgeFigure(used / Math.max(1, used + bavail), limits, asPercent);
    },
  };
}
