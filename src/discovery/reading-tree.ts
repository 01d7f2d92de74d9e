import { asComposed } from '../contracts/composed-registry.js';
import type { ReaderChoice } from '../contracts/composed-registry.js';
import type { Registry } from '../contracts/registry.js';
import type { Source } from './source-poll.js';
import type { SourceWatch } from './source-watch.js';

/** How the registries of a composition are read: one by itself, the sum of several, or the best of several. */
export type ReadingTree =
  | { readonly kind: 'one'; readonly source: Source }
  | { readonly kind: 'all'; readonly of: readonly ReadingTree[] }
  | { readonly kind: 'best'; readonly of: readonly ReadingTree[]; readonly choice: ReaderChoice };

/** `sourceOf`: undefined for a registry that cannot be read. */
export function readingTree(
  registry: Registry,
  sourceOf: (registry: Registry) => Source | undefined,
  guard: (registry: Registry) => Registry,
): ReadingTree {
  const composed = asComposed(registry);
  const { choice, readers } = composed ?? {};
  if (readers === undefined) {
    const source = sourceOf(guard(registry));
    return source === undefined ? { kind: 'all', of: [] } : { kind: 'one', source };
  }
  // What readers of a composition are given is guarded already.
  const of = readers.map((reader) => readingTree(reader, sourceOf, (same) => same));
  return choice === undefined ? { kind: 'all', of } : { kind: 'best', of, choice };
}

/** All sources, in the given order. */
export function sourcesOf(tree: ReadingTree): readonly Source[] {
  return tree.kind === 'one' ? [tree.source] : tree.of.flatMap(sourcesOf);
}

/** All choices among readers. */
export function choicesOf(tree: ReadingTree): readonly ReaderChoice[] {
  if (tree.kind === 'one') return [];
  return [...(tree.kind === 'best' ? [tree.choice] : []), ...tree.of.flatMap(choicesOf)];
}

/** The watches that count now. Of several readers, the first that is live, or else the one that answered last. */
export function selectWatches(tree: ReadingTree, watches: readonly SourceWatch[]): readonly SourceWatch[] {
  if (tree.kind === 'one') return watches.filter(({ source }) => source === tree.source);
  if (tree.kind === 'all') return tree.of.flatMap((each) => selectWatches(each, watches));
  const candidates = tree.choice.order().flatMap((index) => {
    const each = tree.of[index];
    const selected = each === undefined ? [] : selectWatches(each, watches);
    return selected.length === 0 ? [] : [selected];
  });
  const live = candidates.find((selected) => selected.some(({ state }) => state === 'live'));
  if (live !== undefined) return live;
  const lastAnswerOf = (selected: readonly SourceWatch[]) =>
    Math.max(...selected.map(({ answeredAt = -Infinity }) => answeredAt));
  const [latest = []] = [...candidates].sort((one, other) => lastAnswerOf(other) - lastAnswerOf(one) || 0);
  return latest;
}
