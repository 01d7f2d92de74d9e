import type { HostileBounds } from './judge-hostile.js';

/** The Registrars of a process: more than long polls of their own would serve. */
export const shape = { registrars: 24, ttlMs: 3_000, intervalMs: 500 } as const;

export const bounds: HostileBounds = {
  intervalMs: shape.intervalMs,
  mostStallMs: 250,
  mostRequests: 20,
  mostGrowthMb: 8,
  graceMs: 500,
};
