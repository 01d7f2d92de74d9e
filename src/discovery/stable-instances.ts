import type { DiscoveredInstance } from '../contracts/discovery.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import { resolveInstance } from './resolve-instance.js';

const FEW = 100;

/**
 * Resolves successive lists so that an unchanged instance stays the same object and an unchanged list the same array:
 * callers can keep state by object, and compare with `===`.
 */
export class StableInstances {
  /** By what was read: most of a large answer are the objects of the one before, which need no comparison. */
  #known: ReadonlyMap<DiscoveredInstance, ResolvedInstance> = new Map();
  #adopted: ReadonlyMap<string, ResolvedInstance> = new Map();
  /** By id. */
  #list: readonly ResolvedInstance[] = Object.freeze([]);

  /** Takes objects that callers have already, for instances that are not known here. */
  adopt(known: readonly ResolvedInstance[]): void {
    this.#adopted = new Map(known.map((resolved) => [resolved.id, resolved]));
  }

  /** `read` has each id once. */
  resolve(read: readonly DiscoveredInstance[]): readonly ResolvedInstance[] {
    const known = new Map<DiscoveredInstance, ResolvedInstance>();
    for (const instance of read) known.set(instance, this.#known.get(instance) ?? this.#again(instance));
    this.#known = known;
    this.#adopted = new Map();
    const added = new Set(known.values());
    // What stays is in order already.
    const kept = this.#list.filter((each) => added.delete(each));
    if (kept.length === this.#list.length && added.size === 0) return this.#list;
    return (this.#list = Object.freeze(withMore(kept, [...added])));
  }

  #again(instance: DiscoveredInstance): ResolvedInstance {
    const found = this.#list[placeOf(this.#list, instance.id)];
    const known = found?.id === instance.id ? found : this.#adopted.get(instance.id);
    return known !== undefined && areEqual(known, instance) ? known : resolveInstance(instance);
  }
}

/** Adds to a list in order. A few are put in their places, since even to see that a long list is sorted takes time. */
function withMore(sorted: readonly ResolvedInstance[], more: readonly ResolvedInstance[]): ResolvedInstance[] {
  const list = [...sorted];
  if (more.length > FEW) return list.concat(more).sort(byId);
  for (const each of more) list.splice(placeOf(list, each.id), 0, each);
  return list;
}

/** Where an id is in a list that is in order, or belongs: by halves. */
function placeOf(sorted: readonly ResolvedInstance[], id: string): number {
  let [from, until] = [0, sorted.length];
  while (from < until) {
    const middle = (from + until) >>> 1;
    if (String(sorted[middle]?.id) < id) from = middle + 1;
    else until = middle;
  }
  return from;
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
