import type { DiscoveredInstance } from '../contracts/discovery.js';

/**
 * Merges the answers, each id once. An instance that moves between registries is in both for a while, so the passing
 * entry wins.
 */
export function mergeById<Instance extends Pick<DiscoveredInstance, 'id' | 'status'>>(
  answers: readonly (readonly Instance[])[],
): Instance[] {
  const byId = new Map<string, Instance>();
  for (const instance of answers.flat()) {
    const known = byId.get(instance.id);
    if (known === undefined || (known.status !== 'passing' && instance.status === 'passing'))
      byId.set(instance.id, instance);
  }
  return [...byId.values()];
}
