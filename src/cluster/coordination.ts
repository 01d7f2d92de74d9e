import type { Registry } from '../contracts/registry.js';

/** How the workers of one cluster become one instance: through their primary, or through an elected worker. */
export interface Coordination extends Pick<Registry, 'read' | 'register' | 'remove'> {
  /** This worker has left, and other workers go on serving on the same port. */
  readonly handedOver: boolean;
}
