import type { HealthStatus } from '../contracts/health-report.js';
import type { InstanceLoad } from './instance-load.js';
import { subsetOf } from './subset.js';
import { weightedList } from './weighted-list.js';

/** How much more than its share of the healthy instances the own zone may take (Envoy's over-provisioning). */
const OVERPROVISIONING = 1.4;
/** Below this share of usable instances, health is not believed any more. */
const PANIC_SHARE = 0.5;
/** In the order in which they are used. */
const byHealth: readonly HealthStatus[] = ['passing', 'warning', 'critical'];

/** What calls may go to. */
export interface Candidates {
  /** Each as often as its weight says; those of the own zone, or all. */
  readonly near: readonly InstanceLoad[];
  /** Those of other zones; empty without a zone. */
  readonly far: readonly InstanceLoad[];
  /** The share of the calls that goes to `near`. */
  readonly nearShare: number;
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
  /** Undefined: zones do not matter. */
  readonly zone: string | undefined;
  readonly subset: number;
}

/** Instances in maintenance are never among them. */
export function selectCandidates(loads: readonly InstanceLoad[], rules: SelectionRules): Candidates {
  const all = loads.filter(({ status }) => status !== 'maintenance');
  const serving = subsetOf(
    all.filter(({ status }) => status === 'passing' || (status === 'warning' && rules.includesWarning)),
    rules.subset,
  );
  const usable = serving.filter(({ state }) => state === 'in');
  const known = Math.min(all.length, rules.subset);
  const inUse = serving.filter(({ state }) => state !== 'out').length;
  const isPanic = inUse < known * PANIC_SHARE;
  const chosen = isPanic ? healthiest(all, rules.subset) : usable;
  const common = { usable: inUse, known, isPanic, serving };
  return { ...common, ...byZone(chosen, all, rules.zone) };
}

function healthiest(all: readonly InstanceLoad[], size: number): readonly InstanceLoad[] {
  const health = byHealth.find((status) => all.some((load) => load.status === status));
  return subsetOf(
    all.filter(({ status }) => status === health),
    size,
  );
}

function byZone(
  chosen: readonly InstanceLoad[],
  all: readonly InstanceLoad[],
  zone: string | undefined,
): Pick<Candidates, 'near' | 'far' | 'nearShare'> {
  const isNear = ({ instance }: InstanceLoad) => instance.zone === zone;
  const near = zone === undefined ? [] : chosen.filter(isNear);
  if (near.length === 0 || near.length === chosen.length) return { near: weightedList(chosen), far: [], nearShare: 1 };
  const healthy = all.filter((load) => isNear(load) && load.status === 'passing' && load.state === 'in').length;
  const nearShare = Math.min(1, (OVERPROVISIONING * healthy) / all.filter(isNear).length);
  const far = chosen.filter((load) => !isNear(load));
  return { near: weightedList(near), far: weightedList(far), nearShare };
}
