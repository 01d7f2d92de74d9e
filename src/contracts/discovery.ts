import type { HealthStatus } from './health-report.js';
import type { ServiceInstance } from './service-instance.js';

/** Where a reader stands in a registry's history; opaque, hand it back unchanged. */
export type Cursor = string;

/** An instance as readers see it. */
export type DiscoveredInstance = Pick<
  ServiceInstance,
  'name' | 'id' | 'address' | 'port' | 'tags' | 'meta' | 'weights'
> & {
  readonly nonce?: string;
  readonly status: HealthStatus;
};

/** The read side of a registry. */
export interface Discovery {
  /**
   * One read of every instance of a service, whatever its status. With a cursor it is held until something changed or the
   * registry's own wait is over. No cursor in the answer: the registry cannot wait, and the caller polls.
   */
  poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
  ): Promise<{ instances: DiscoveredInstance[]; cursor?: Cursor }>;
}
