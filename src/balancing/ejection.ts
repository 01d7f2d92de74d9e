/** Failures of our own calls in a row that eject an instance. */
export const FAILURES_IN_A_ROW = 5;
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

/**
 * Whether an instance gets calls. `in`: it does; `out`: it is ejected; `due`: its time is over, and the next call is
 * its probe; `probing`: that call is under way.
 */
export type EjectionState = 'in' | 'out' | 'due' | 'probing';

/** What can happen to it. `rotated`: it must be used although it is out, since others fail too. */
export type EjectionTransition = 'ejected' | 'elapsed' | 'probed' | 'worked' | 'failed' | 'gaveUp' | 'rotated';

/** The transition table: a pair that is missing here changes nothing. */
export const ejectionTransitions: Readonly<
  Record<EjectionState, Readonly<Partial<Record<EjectionTransition, EjectionState>>>>
> = {
  in: { ejected: 'out' },
  out: { elapsed: 'due', rotated: 'in', worked: 'in' },
  due: { probed: 'probing', rotated: 'in', worked: 'in' },
  probing: { worked: 'in', failed: 'out', gaveUp: 'due', rotated: 'in' },
};

/** How long the ejection lasts that is the `count`-th without a success between: 5 s, doubling to 60 s, ± 50 %. */
export function ejectionMs(count: number, random: () => number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (count - 1)) * (0.5 + random());
}

/**
 * How many of `known` instances may be out at a time: a third, one of two, and never the last. The share counts an
 * ejection before it happens (https://github.com/envoyproxy/envoy/issues/26877).
 */
export function mostEjected(known: number): number {
  return known === 2 ? 1 : Math.floor(known / 3);
}
