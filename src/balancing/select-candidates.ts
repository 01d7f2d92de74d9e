import type { HealthStatus } from '../contracts/health-report.js';
import type { InstanceLoad } from './instance-load.js';
import { localityTiers } from './locality-tiers.js';
import type { Tier } from './locality-tiers.js';
import { subsetOf } from './subset.js';

/** Below this share of usable instances, health is not believed any more. */
const PANIC_SHARE = 0.5;
/** In the order in which they are used. */
const byHealth: readonly HealthStatus[] = ['passing', 'warning', 'critical'];

/** What calls may go to. */
export interface Candidates {
  /** The nearest first; empty if there is nothing to call. */
  readonly tiers: readonly Tier[];
  /** How many may be chosen, and how many there are. */
  readonly usable: number;
  readonly known: number;
  /** So few are usable that ejected and failing ones are used too. */
  readonly isPanic: boolean;
  /** Those that an ejection would leave: what the limit of ejections is counted of. */
  readonly serving: readonly InstanceLoad[];
}

export interface SelectionRules {
  readonly includesWarning: boolean;
  /** Of the caller; undefined: not known; `false`: neither zones nor datacenters matter. */
  readonly zone: string | false | undefined;
  readonly subset: number;
  /** 0: a new instance gets its share at once. */
  readonly slowStartMs: number;
}

export interface Circumstances {
  /** Of the caller; undefined: not known. */
  readonly datacenter?: string | undefined;
  readonly now: number;
}

/** Instances in maintenance are never among them. */
export function selectCandidates(
  loads: Iterable<InstanceLoad>,
  rules: SelectionRules,
  { datacenter, now }: Circumstances,
): Candidates {
  const all: InstanceLoad[] = [];
  const able: InstanceLoad[] = [];
  for (const load of loads) {
    const { status } = load;
    if (status !== 'maintenance') all.push(load);
    if (status === 'passing' || (status === 'warning' && rules.includesWarning)) able.push(load);
  }
  const serving = subsetOf(able, rules.subset);
  const usable = serving.filter(({ state }) => state === 'in');
  const known = Math.min(all.length, rules.subset);
  const inUse = serving.filter(({ state }) => state !== 'out');
  const isPanic = inUse.length < known * PANIC_SHARE;
  // Those on trial get more than their probe if there is no other.
  const chosen = isPanic ? healthiest(all, rules.subset) : usable.length > 0 ? usable : inUse;
  for (const load of chosen) load.weigh(rules.slowStartMs, now);
  const { zone } = rules;
  const locality = zone === false ? { zone: undefined, datacenter: undefined } : { zone, datacenter };
  return { tiers: localityTiers(chosen, all, locality), usable: inUse.length, known, isPanic, serving };
}

function healthiest(all: readonly InstanceLoad[], size: number): readonly InstanceLoad[] {
  const health = byHealth.find((status) => all.some((load) => load.status === status));
  return subsetOf(
    all.filter(({ status }) => status === health),
    size,
  );
}
