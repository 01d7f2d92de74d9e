import type { DiscoveredInstance } from '../contracts/discovery.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import { resolveInstance } from './resolve-instance.js';

/**
 * Resolves successive lists so that an unchanged instance stays the same object and an unchanged list the same array:
 * callers can keep state by object, and compare with `===`.
 */
export class StableInstances {
  #byId = new Map<string, ResolvedInstance>();
  #list: readonly ResolvedInstance[] = Object.freeze([]);

  /** Takes objects that callers have already, for instances that are not known here. */
  adopt(known: readonly ResolvedInstance[]): void {
    for (const resolved of known) if (!this.#byId.has(resolved.id)) this.#byId.set(resolved.id, resolved);
  }

  resolve(read: readonly DiscoveredInstance[]): readonly ResolvedInstance[] {
    const next = new Map(
      read.map((instance) => {
        const known = this.#byId.get(instance.id);
        const isSame = known !== undefined && areEqual(known, instance);
        return [instance.id, isSame ? known : resolveInstance(instance)] as const;
      }),
    );
    this.#byId = next;
    const list = [...next.values()].sort(byId);
    const isSame = list.length === this.#list.length && list.every((each, index) => each === this.#list[index]);
    if (!isSame) this.#list = Object.freeze(list);
    return this.#list;
  }
}

/** The order in which a registry lists is no news. */
function byId({ id: one }: ResolvedInstance, { id: other }: ResolvedInstance): number {
  return one < other ? -1 : 1;
}

function areEqual(one: DiscoveredInstance, other: DiscoveredInstance): boolean {
  return (
    one.nonce === other.nonce &&
    one.status === other.status &&
    one.address === other.address &&
    one.port === other.port &&
    one.datacenter === other.datacenter &&
    one.weights?.passing === other.weights?.passing &&
    one.weights?.warning === other.weights?.warning &&
    (one.tags === other.tags ||
      (one.tags.length === other.tags.length && one.tags.every((tag, index) => tag === other.tags[index]))) &&
    haveSamePairs(one.meta, other.meta)
  );
}

function haveSamePairs(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  if (one === other) return true;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && other[key] === one[key])
  );
}
