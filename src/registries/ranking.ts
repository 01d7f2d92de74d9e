import type { Member } from './member.js';

/** Puts members in the order of preference. */
export type Ranking = (members: readonly Member[]) => readonly Member[];

/** Keeps the order of the caller. */
export const asGiven: Ranking = (members) => members;

/** The nearest member replaces the favourite only below this share of the favourite's round trip … */
const NEARER_SHARE = 0.7;
/** … and only if it is nearer by this much. */
const NEARER_MS = 5;

/**
 * Orders members by the round trip of their answers, the nearest first. A favourite stays first until another is
 * clearly nearer, so that two similar members do not alternate. Members not measured yet come last, in the given
 * order.
 */
export function byDistance(): Ranking {
  let favourite: Member | undefined;
  return (members) => {
    const sorted = [...members].sort((a, b) => distance(a) - distance(b));
    const [nearest] = sorted;
    if (favourite === undefined || favourite.isOut || (nearest !== undefined && isClearlyNearer(nearest, favourite)))
      favourite = nearest;
    return favourite === undefined ? sorted : [favourite, ...sorted.filter((member) => member !== favourite)];
  };
}

/** Far beyond any round trip, but comparable, unlike NaN. */
const UNMEASURED = Number.MAX_SAFE_INTEGER;

function distance({ roundTripMs }: Member): number {
  return roundTripMs ?? UNMEASURED;
}

function isClearlyNearer(one: Member, other: Member): boolean {
  return distance(one) < distance(other) * NEARER_SHARE && distance(one) < distance(other) - NEARER_MS;
}
