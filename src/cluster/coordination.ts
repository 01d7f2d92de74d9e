import type { Registry } from '../contracts/registry.js';

/** How the workers of one cluster come to be one instance: by their primary, or by one of them that the others agree on. */
export interface Coordination extends Pick<Registry, 'read' | 'register' | 'remove'> {
  /** This worker has left, and others go on serving on the same port. */
  readonly handedOver: boolean;
}
