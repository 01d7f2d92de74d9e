import type { Registration } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/** Our entry in the registry and what we know about it. */
export interface ActiveRegistration {
  registration: Registration;
  /** The instance as written. */
  instance: ServiceInstance;
  /** When the last accepted heartbeat was sent; before the first, when the registration was sent. */
  beatAt: number;
  ttlMs: number;
  /** The registry rejected the receipt as unknown: an entry that exists all the same lacks its heartbeat check. */
  refused: boolean;
}

/** Whether the entry was written with credentials that have been replaced since. */
export function hasStaleCredentials({ registration }: Pick<ActiveRegistration, 'registration'>): boolean {
  return registration.hasStaleCredentials?.() ?? false;
}
