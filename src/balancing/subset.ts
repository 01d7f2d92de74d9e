/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), with a final mix: neighbouring ids must not rank alike. */
export function rankOf(id: string, salt: number): number {
  let hash = (0x811c9dc5 ^ salt) >>> 0;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** What a subset is chosen by. */
export interface Ranked {
  readonly rank: number;
}

/**
 * The `size` items of the lowest rank: rendezvous hashing, by which one change of the fleet changes one item of the
 * subset at most (https://github.com/grpc/proposal/blob/master/A68-random-subsetting.md).
 */
export function subsetOf<Item extends Ranked>(items: readonly Item[], size: number): readonly Item[] {
  if (items.length <= size) return items;
  const lowest: Item[] = [];
  // Few of many get in, so that this is one walk, where to sort them all would be a dozen.
  for (const item of items) {
    if (lowest.length === size && item.rank >= (lowest.at(-1)?.rank ?? Infinity)) continue;
    const at = lowest.findLastIndex(({ rank }) => rank <= item.rank) + 1;
    lowest.splice(at, 0, item);
    if (lowest.length > size) lowest.pop();
  }
  return lowest;
}
