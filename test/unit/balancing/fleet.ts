import { Balancer } from '../../../src/balancing/balancer.js';
import type { BalancedCall, BalancerPlan } from '../../../src/balancing/balancer.js';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import type { ResolvedInstance } from '../../../src/contracts/resolved-instance.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/seeded.js';

/** An instance on a port of its own. */
export function instance(id: string, fields: Partial<ResolvedInstance> = {}): ResolvedInstance {
  const port = 1_000 + (Number(/\d+$/.exec(id)?.[0]) || 0);
  return resolveInstance({
    name: 'orders',
    id,
    address: '127.0.0.1',
    port,
    tags: [],
    meta: {},
    status: 'passing',
    nonce: `nonce of ${id}`,
    ...fields,
  });
}

export function instances(count: number, fields: Partial<ResolvedInstance> = {}): ResolvedInstance[] {
  return Array.from({ length: count }, (_, index) => instance(`i${index}`, fields));
}

/** A balancer on a clock that stands still, with all that it tells. */
export function fleet(given: readonly ResolvedInstance[], rules: Partial<BalancerPlan> = {}) {
  const clock = new FakeClock();
  const told: unknown[] = [];
  const balancer = new Balancer({
    clock,
    random: seededRandom(7),
    balance: 'roundRobin',
    includesWarning: true,
    zone: undefined,
    subset: 100,
    slowStartMs: 0,
    news: {
      ejected: ({ instance: { id }, failedInRow }, forMs) => told.push({ ejected: id, failedInRow, forMs }),
      panic: (isActive, usable, known) => told.push({ panic: isActive, usable, known }),
      refused: ({ id }) => told.push({ refused: id }),
    },
    ...rules,
  });
  balancer.update(given);
  const pick = (): BalancedCall => {
    const picked = balancer.pick();
    if (picked === undefined) throw new Error('there is nothing to pick');
    return picked;
  };
  /** How often each id is picked in `count` calls that succeed at once. */
  const shares = (count: number): Record<string, number> => {
    const found: Record<string, number> = {};
    for (let call = 0; call < count; call += 1) {
      const picked = pick();
      found[picked.instance.id] = (found[picked.instance.id] ?? 0) + 1;
      picked.done('ok');
    }
    return found;
  };
  /** Lets calls to `ids` fail until `failures` of them have, or none of them gets a call any more. */
  const fail = (ids: readonly string[], failures: number): void => {
    for (let left = failures, calls = 0; left > 0 && calls < 1_000; calls += 1) {
      const picked = pick();
      const isBad = ids.includes(picked.instance.id);
      picked.done(isBad ? 'failed' : 'ok');
      if (isBad) left -= 1;
    }
  };
  return { clock, balancer, told, pick, shares, fail };
}
