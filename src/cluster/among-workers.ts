import type { Clock } from '../clock.js';
import type { Registry } from '../registry/registry.js';
import { channelToPrimary } from './channel.js';
import { Elected } from './elected.js';
import { WorkerRegistry } from './worker-registry.js';

export interface Amongst {
  readonly clock: Clock;
  /** Name of the service. */
  readonly service: string;
  readonly ttlMs: number;
  /** The primary stops the whole instance. */
  readonly onStop: () => void;
  /** Whether there is such a process. */
  readonly isRunning: (pid: number) => boolean;
}

/** In a worker of node:cluster what makes one instance of all workers; anywhere else the registry as it is. */
export function amongWorkers(registry: Registry, { clock, service, ttlMs, onStop, isRunning }: Amongst): Registry {
  const channel = channelToPrimary();
  if (channel === undefined) return registry;
  return new WorkerRegistry({ registry, channel, clock, service, onStop, alone: new Elected({ registry, clock, ttlMs, pid: process.pid, isRunning }) });
}
