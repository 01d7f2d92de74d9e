import { parseJsonText } from '../../core/sliced-json.js';
import { leasedFrom, toDiscovered } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

/** The key of an entry: `rollcall:{orders}:orders-1`. The braces keep a service in one slot of a Redis Cluster. */
export function entryKey(service: string, id: string): string {
  return `${indexKey(service)}:${id}`;
}

/**
 * The key of a service's index: the set of ids that may have entries. Different names give different keys, and none
 * of them is the key of an entry.
 */
export function indexKey(service: string): string {
  return `rollcall:{${service.replace(/[%{}]/g, (character) => encodeURIComponent(character))}}`;
}

/** Encodes an entry as JSON. `status` comes first, for readers that need nothing else. */
export function encodeEntry(leased: LeasedInstance): string {
  const { instance, beat, maintenance } = leased;
  return JSON.stringify({ status: toDiscovered(leased).status, instance, beat, maintenance });
}

/** Undefined if the text is not an entry. */
export function decodeEntry(text: string): LeasedInstance | undefined {
  try {
    return leasedFrom(parseJsonText(text));
  } catch {
    return undefined;
  }
}
