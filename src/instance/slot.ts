import type { EntryInstance } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { addressesOf } from './interfaces.js';
import { localSystem } from './local-system.js';

/**
 * True if an entry has the address and port that we listen on now. No other process can listen there, so an earlier
 * incarnation of this instance wrote the entry. Without a port the answer is false.
 */
export function isSameSlot(entry: EntryInstance, instance: ServiceInstance): boolean {
  if (instance.port === undefined || entry.port !== instance.port) return false;
  if ((entry.address ?? '') === (instance.address ?? '')) return true;
  // Where the registry fills in the address, the earlier incarnation may have had to state one of this host.
  return instance.address === undefined && entry.address !== undefined && isOwnAddress(entry.address);
}

function isOwnAddress(address: string): boolean {
  return addressesOf(localSystem.interfaces()).some((own) => own.address === address);
}
