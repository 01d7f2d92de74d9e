import type { Clock } from '../core/clock.js';
import type { Registry } from '../contracts/registry.js';
import { channelToPrimary } from './channel.js';
import type { WorkerRegistry } from './worker-registry.js';

export interface SharePlan {
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
export function shareAmongWorkers(registry: Registry, amongst: SharePlan): Registry {
  const channel = channelToPrimary();
  if (channel === undefined) return registry;
  let loading: Promise<WorkerRegistry> | undefined;
  let way: WorkerRegistry | undefined;
  // Of no use to anybody but a worker, and so not part of every import.
  const agreed = async () => {
    loading ??= import('./worker-registry.js').then(
      ({ WorkerRegistry }) => new WorkerRegistry({ ...amongst, registry, channel }),
    );
    return (way = await loading);
  };
  const { name, isLocal, suppliesAddress, warnings = [], endpoint } = registry;
  return {
    name,
    isLocal,
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
