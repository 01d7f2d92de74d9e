import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import type { SavedService, SnapshotKey } from '../../../src/discovery/saved-service.js';
import type { ResolvedInstance } from '../../../src/contracts/resolved-instance.js';

export const key: SnapshotKey = { registry: 'consul 127.0.0.1:8500', service: 'orders', datacenter: undefined };

const INSTANCES = 50;

/** The instances of a state: all of them have its number as their port and version, so that a mixture shows. */
export function instancesOf(state: number): readonly ResolvedInstance[] {
  return Array.from({ length: INSTANCES }, (_, at) =>
    resolveInstance({
      name: 'orders',
      id: `orders-${at}`,
      nonce: `${at}`,
      address: `10.0.0.${at}`,
      port: 1 + (state % 60_000),
      tags: [`state-${state}`],
      meta: { state: String(state) },
      status: 'passing',
    }),
  );
}

/** True for a state exactly as it was saved. */
export function isWhole({ savedAt, instances }: SavedService): boolean {
  return JSON.stringify(instances) === JSON.stringify(instancesOf(savedAt));
}
