import type { EntryInstance } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/**
 * Whether an entry stands for the very address and port that we hold now. Nobody else can hold them, so whatever wrote it
 * was our past self. Without a port nothing is held, and nothing can be said.
 */
export function isSameSlot(entry: EntryInstance, instance: ServiceInstance): boolean {
  return (
    instance.port !== undefined && entry.port === instance.port && (entry.address ?? '') === (instance.address ?? '')
  );
}
