import { leasedFrom, toDiscovered } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

/** The key of an entry: `rollcall:{orders}:orders-1`. The braces keep a service in one slot of a Redis Cluster. */
export function entryKey(service: string, id: string): string {
  return `${indexKey(service)}:${id}`;
}

/** The key of the set of ids that a service may have entries under. Different names give different keys, none of which is an entry's. */
export function indexKey(service: string): string {
  return `rollcall:{${service.replace(/[%{}]/g, (character) => encodeURIComponent(character))}}`;
}

/** `status` is what counts for readers that know nothing else of it. */
export function encodeEntry(leased: LeasedInstance): string {
  const { instance, beat, maintenance } = leased;
  return JSON.stringify({ status: toDiscovered(leased).status, instance, beat, maintenance });
}

/** Undefined for a text that is no entry. */
export function decodeEntry(text: string): LeasedInstance | undefined {
  try {
    return leasedFrom(JSON.parse(text));
  } catch {
    return undefined;
  }
}
