import type { HealthStatus } from '../contracts/health-report.js';
import type { InstanceLoad } from './instance-load.js';

/** How an instance is chosen: `p2c`: the less loaded one of two random ones; `roundRobin`; `random`. */
export type Balance = 'p2c' | 'roundRobin' | 'random';

/** Chooses one of a list that is not empty; `now` is in ticks. */
export type Choose = (list: readonly InstanceLoad[], now: number) => InstanceLoad;

/** Each call gives a chooser with a position of its own. */
export const orders: Readonly<Record<Balance, (random: () => number) => Choose>> = {
  roundRobin(random) {
    let at = Math.floor(random() * 1_024);
    return (list) => {
      at += 1;
      if (at >= list.length) at %= list.length;
      return list[at] as InstanceLoad;
    };
  },
  random: (random) => (list) => list[Math.floor(random() * list.length)] as InstanceLoad,
  p2c: (random) => (list, now) => {
    const { length } = list;
    const first = list[Math.floor(random() * length)] as InstanceLoad;
    if (length === 1) return first;
    const other = otherThan(first, list, random);
    return isBetter(other, first, now) ? other : first;
  },
};

/** Another one, unless chance finds none in a list where one stands often. */
function otherThan(first: InstanceLoad, list: readonly InstanceLoad[], random: () => number): InstanceLoad {
  const at = Math.floor(random() * list.length);
  const other = list[at] as InstanceLoad;
  return other === first ? (list[at + 1 === list.length ? 0 : at + 1] as InstanceLoad) : other;
}

const tiers: Readonly<Record<HealthStatus, number>> = { passing: 0, warning: 1, critical: 2, maintenance: 3 };

/** Health first: a load says little of an instance that fails fast. Weights count without a division. */
function isBetter(one: InstanceLoad, other: InstanceLoad, now: number): boolean {
  if (one.status !== other.status) return tiers[one.status] < tiers[other.status];
  const load = (one.pending.count + 1) * one.latency.estimate(now) * other.weight;
  return load < (other.pending.count + 1) * other.latency.estimate(now) * one.weight;
}
