/** The most places of a list: weights beyond that are rounded. */
const LONGEST = 1_024;

/** Something that may be chosen more often than others. */
export interface Weighted {
  readonly weight: number;
}

/**
 * A list in which each item stands as often as its weight says, spread evenly, so that a walk through it and a random
 * place in it both respect the weights. Returns `items` where all weigh the same.
 */
export function weightedList<Item extends Weighted>(items: readonly Item[]): readonly Item[] {
  const heaviest = items.reduce((most, { weight }) => Math.max(most, weight), 0);
  if (items.every(({ weight }) => weight === heaviest)) return items;
  const places = placesOf(items);
  const total = places.reduce((sum, place) => sum + place, 0);
  // Each place of an item is where it falls due; sorted, they interleave.
  const due = items.flatMap((item, index) => {
    const length = places[index] ?? 1;
    return Array.from({ length }, (_, turn) => ({ item, at: ((turn + 0.5) * total) / length }));
  });
  return due.sort((one, other) => one.at - other.at).map(({ item }) => item);
}

/** Whole numbers in the ratio of the weights; at least one each. */
function placesOf(items: readonly Weighted[]): number[] {
  const weights = items.map(({ weight }) => Math.max(0, weight));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const isWhole = weights.every((weight) => Number.isInteger(weight) && weight > 0);
  const divisor = isWhole ? weights.reduce(greatestCommonDivisor) : 0;
  const longest = Math.max(LONGEST, items.length);
  const scale = divisor > 0 && total / divisor <= longest ? 1 / divisor : longest / Math.max(total, 1e-9);
  return weights.map((weight) => Math.max(1, Math.round(weight * scale)));
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}
