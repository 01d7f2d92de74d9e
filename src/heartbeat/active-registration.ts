import type { Registration } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/** An entry of ours in the registry, and what we know of it. */
export interface ActiveRegistration {
  registration: Registration;
  /** What was written. */
  instance: ServiceInstance;
  /** When the last accepted heartbeat was sent; at first, when the registration was. */
  beatAt: number;
  ttlMs: number;
  /** The registry did not know the receipt any more: an entry that is there all the same lacks what heartbeats feed. */
  refused: boolean;
}

/** It was written with credentials that others have taken the place of. */
export function hasStaleCredentials({ registration }: Pick<ActiveRegistration, 'registration'>): boolean {
  return registration.hasStaleCredentials?.() ?? false;
}
