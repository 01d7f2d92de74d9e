import type { Clock } from '../clock.js';
import type { Registry } from '../registry/registry.js';
import { channelToPrimary } from './channel.js';
import type { WorkerWay } from './worker-way.js';

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

/**
 * In a worker of node:cluster what makes one instance of all workers; anywhere else the registry as it is. Where the instance is to be found is as
 * without all that; how it is registered is agreed among the workers.
 */
export function amongWorkers(registry: Registry, amongst: Amongst): Registry {
  const channel = channelToPrimary();
  if (channel === undefined) return registry;
  let loading: Promise<WorkerWay> | undefined;
  let way: WorkerWay | undefined;
  // Of no use to anybody but a worker, and so not part of every import.
  const agreed = async () => {
    loading ??= import('./worker-way.js').then(({ WorkerWay }) => new WorkerWay({ ...amongst, registry, channel }));
    return (way = await loading);
  };
  const { name, nearby, suppliesAddress, warnings = [], endpoint } = registry;
  return {
    name,
    nearby,
    suppliesAddress,
    warnings,
    endpoint,
    get handedOver() {
      return way?.handedOver ?? false;
    },
    read: async (...asked) => (await agreed()).read(...asked),
    register: async (...asked) => (await agreed()).register(...asked),
    remove: async (...asked) => (await agreed()).remove(...asked),
    async close() {
      way?.close();
      await registry.close();
    },
  };
}
