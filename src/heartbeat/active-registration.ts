import type { Registration } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/** Our entry in the registry and what we know about it. */
export interface ActiveRegistration {
  registration: Registration;
  /** The instance as written. */
  instance: ServiceInstance;
  /** When the last accepted heartbeat was sent; before the first, when the registration was sent. */
  beatAt: number;
  /** When the last heartbeat was sent, whether it has an answer or not; before the first, the registration. */
  sentAt: number;
  /** How long the last answer to a heartbeat took. */
  roundTripMs: number;
  ttlMs: number;
  /** The registry does not know this registration. If the entry exists all the same, it has lost its check. */
  refused: boolean;
}

/** Whether the entry was written with credentials that have been replaced since. */
export function hasStaleCredentials({ registration }: Pick<ActiveRegistration, 'registration'>): boolean {
  return registration.hasStaleCredentials?.() ?? false;
}
