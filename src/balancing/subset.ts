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
  return [...items].sort((one, other) => one.rank - other.rank).slice(0, size);
}
