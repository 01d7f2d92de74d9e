import type { Backend, HostileBounds } from './judge-hostile.js';

/** The Registrars of a process: more than long polls of their own would serve, and as many as a server on one disk serves. */
export const registrarsOn: Readonly<Record<Backend, number>> = { consul: 20, etcd: 10, redis: 20, file: 20 };

export const shape = { ttlMs: 3_000, intervalMs: 1_000 } as const;

export const bounds: HostileBounds = {
  intervalMs: shape.intervalMs,
  mostStallMs: 250,
  mostRequests: 20,
  mostGrowthMb: 8,
  graceMs: 500,
};
