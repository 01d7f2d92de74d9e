import type { HealthStatus } from './health-report.js';
import type { InstanceKey, ServiceInstance } from './service-instance.js';

/** A reader's position in a registry's history; opaque, pass it back unchanged. */
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
   * Reads every instance of a service, whatever its status. With a cursor it is a long poll, which ends at a change
   * or at the registry's own timeout. Without a cursor in the answer the registry has no long poll, and the caller
   * polls.
   */
  poll(
    service: string,
    cursor: Cursor | undefined,
    signal: AbortSignal,
  ): Promise<{ instances: DiscoveredInstance[]; cursor?: Cursor }>;
  /**
   * Reads one instance as its readers see it, by one request; undefined if they do not. Omitted where only the list
   * shows that.
   */
  find?(key: InstanceKey, signal: AbortSignal): Promise<DiscoveredInstance | undefined>;
}
