import type { EntryInstance } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/**
 * True if an entry has the address and port that we listen on now. No other process can listen there, so an earlier
 * incarnation of this instance wrote the entry. Without a port the answer is false.
 */
export function isSameSlot(entry: EntryInstance, instance: ServiceInstance): boolean {
  return (
    instance.port !== undefined && entry.port === instance.port && (entry.address ?? '') === (instance.address ?? '')
  );
}
