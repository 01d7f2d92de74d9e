import type { Clock } from '../clock.js';
import type { Registry } from '../registry/registry.js';
import { channelToPrimary } from './channel.js';
import { WorkerRegistry } from './worker-registry.js';

/** In a worker of node:cluster what makes one instance of all workers; anywhere else the registry as it is. */
export function amongWorkers(registry: Registry, plan: { readonly clock: Clock; readonly service: string; readonly onStop: () => void }): Registry {
  const channel = channelToPrimary();
  return channel === undefined ? registry : new WorkerRegistry({ ...plan, registry, channel, alone: alone(registry) });
}

function alone(registry: Registry) {
  return {
    handedOver: false,
    read: registry.read.bind(registry),
    register: registry.register.bind(registry),
    remove: registry.remove.bind(registry),
  };
}
