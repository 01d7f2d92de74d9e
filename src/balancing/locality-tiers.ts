import type { InstanceLoad } from './instance-load.js';
import { weightedList } from './weighted-list.js';

/** How much more than its share of healthy instances a tier may take (Envoy's over-provisioning). */
const OVERPROVISIONING = 1.4;

/** Where the caller runs; undefined: not known, or it does not matter. */
export interface Locality {
  readonly zone: string | undefined;
  readonly datacenter: string | undefined;
}

/** Instances that are equally near. */
export interface Tier {
  /** Each as often as its weight says. */
  readonly list: readonly InstanceLoad[];
  /** Of the calls; those of all tiers add up to 1. */
  readonly share: number;
}

/**
 * The instances of the own zone, then those of the own datacenter, then the others; a tier without any is left out.
 * Each takes what nearer ones leave, up to 1.4 times its share of healthy instances, of which `all` tells; the last one
 * takes the rest.
 */
export function localityTiers(
  chosen: readonly InstanceLoad[],
  all: readonly InstanceLoad[],
  { zone, datacenter }: Locality,
): readonly Tier[] {
  const distanceOf = ({ instance }: InstanceLoad): number => {
    if (zone !== undefined && instance.zone === zone) return 0;
    return datacenter !== undefined && instance.datacenter === datacenter ? 1 : 2;
  };
  const distances = [0, 1, 2].filter((distance) => chosen.some((load) => distanceOf(load) === distance));
  let left = 1;
  return distances.map((distance, at) => {
    const isAt = (load: InstanceLoad) => distanceOf(load) === distance;
    const share =
      at === distances.length - 1 ? left : Math.min(left, OVERPROVISIONING * healthyShare(all.filter(isAt)));
    left -= share;
    return { list: weightedList(chosen.filter(isAt)), share };
  });
}

function healthyShare(loads: readonly InstanceLoad[]): number {
  const healthy = loads.filter(({ status, state }) => status === 'passing' && state === 'in');
  return healthy.length / loads.length;
}
