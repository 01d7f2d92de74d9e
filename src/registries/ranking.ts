import type { Member } from './member.js';

/** Puts members in the order of preference. */
export type Ranking = (members: readonly Member[]) => readonly Member[];

/** As they were given. */
export const asGiven: Ranking = (members) => members;

/** Another one has to be so much nearer, as a share and in milliseconds, before it is preferred to the favourite. */
const NEARER_SHARE = 0.7;
const NEARER_MS = 5;

/**
 * The nearest first, by the round trip of its answers. A favourite stays until another is clearly nearer: two that are alike
 * must not take turns. Members not measured yet come last, as given.
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

/** Far beyond any round trip, and still a number that can be compared. */
const UNMEASURED = Number.MAX_SAFE_INTEGER;

function distance({ roundTripMs }: Member): number {
  return roundTripMs ?? UNMEASURED;
}

function isClearlyNearer(one: Member, other: Member): boolean {
  return distance(one) < distance(other) * NEARER_SHARE && distance(one) < distance(other) - NEARER_MS;
}
