import type { Clock } from '../core/clock.js';
import { composition } from '../contracts/composed-registry.js';
import type { ComposedRegistry } from '../contracts/composed-registry.js';
import type { Registry } from '../contracts/registry.js';
import { channelToPrimary } from './channel.js';
import type { WorkerRegistry } from './worker-registry.js';

export interface SharePlan {
  readonly clock: Clock;
  readonly service: string;
  readonly ttlMs: number;
  /** Called when the primary stops the whole instance. */
  readonly onStop: () => void;
  /** Whether a process with this id exists. */
  readonly isRunning: (pid: number) => boolean;
}

/**
 * In a worker of node:cluster, returns a registry through which all workers become one instance; in any other
 * process, returns the registry itself. Address and port are found as usual; only the registration is coordinated
 * among the workers.
 */
export function shareAmongWorkers(registry: Registry, amongst: SharePlan): Registry {
  const channel = channelToPrimary();
  if (channel === undefined) return registry;
  let loading: Promise<WorkerRegistry> | undefined;
  let way: WorkerRegistry | undefined;
  // Only workers need it, so it is not part of every import.
  const agreed = async () => {
    loading ??= import('./worker-registry.js').then(
      ({ WorkerRegistry }) => new WorkerRegistry({ ...amongst, registry, channel }),
    );
    return (way = await loading);
  };
  const { name, traits, warnings = [], endpoint } = registry;
  const shared: ComposedRegistry = {
    [composition]: true,
    name,
    traits: { isLocal: traits.isLocal, suppliesAddress: traits.suppliesAddress },
    warnings,
    endpoint,
    get handedOver() {
      return way?.handedOver ?? false;
    },
    read: async (...args) => (await agreed()).read(...args),
    register: async (...args) => (await agreed()).register(...args),
    remove: async (...args) => (await agreed()).remove(...args),
    async close() {
      way?.close();
      await registry.close();
    },
  };
  return shared;
}
