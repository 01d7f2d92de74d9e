import { describe, expect, it } from 'vitest';
import { ServingWorkers, overallHealth } from '../../../src/cluster/serving-workers.js';
import type { HealthReport, HealthStatus } from '../../../src/contracts/health-report.js';
import { keyOf } from '../../../src/contracts/service-instance.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { FakeClock } from '../../support/fake-clock.js';

const instance = (nonce: string): ServiceInstance => ({
  name: 'orders',
  id: 'orders-host-80',
  port: 80,
  tags: [],
  meta: {},
  nonce,
  ttlMs: 3_000,
  checks: [],
});
const ok: HealthReport = { status: 'passing', reason: 'ok' };

function members() {
  const clock = new FakeClock();
  let changes = 0;
  const made = new ServingWorkers(clock, () => (changes += 1));
  return { clock, made, changes: () => changes };
}

describe('the workers of a primary', () => {
  it('are critical until their first heartbeat, and then what that says', () => {
    const { made } = members();
    made.register(1, instance('a'), ok);
    expect(made.healths).toMatchObject([{ worker: 1, status: 'critical' }]);
    expect(made.renew(1, keyOf(instance('a')), ok)).toBe(true);
    expect(made.healths).toEqual([{ worker: 1, ...ok }]);
  });

  it('are unfit when their heartbeats cease, and fit again with the next', async () => {
    const { made, clock, changes } = members();
    made.register(1, instance('a'), ok);
    made.renew(1, keyOf(instance('a')), ok);
    await clock.advance(2_900);
    expect(made.healths).toMatchObject([{ status: 'passing' }]);
    const before = changes();
    await clock.advance(200);
    expect(made.healths).toMatchObject([{ status: 'critical' }]);
    expect(changes()).toBe(before + 1);
    made.renew(1, keyOf(instance('a')), ok);
    expect(made.healths).toMatchObject([{ status: 'passing' }]);
  });

  it('know no heartbeat of one that was never counted in, or that has been counted out', async () => {
    const { made, clock, changes } = members();
    expect(made.renew(1, keyOf(instance('a')), ok)).toBe(false);
    made.register(1, instance('a'), ok);
    expect(made.renew(1, keyOf(instance('another')), ok)).toBe(false);
    made.remove(1);
    expect(made.renew(1, keyOf(instance('a')), ok)).toBe(false);
    const before = changes();
    await clock.advance(10_000);
    expect([made.size, changes()]).toEqual([0, before]);
  });

  it('see what is theirs and nothing of the others', () => {
    const { made } = members();
    made.register(1, instance('a'), ok);
    expect(made.read(1, keyOf(instance('a')))?.instance.nonce).toBe('a');
    expect(made.read(2, keyOf(instance('a')))).toBeUndefined();
  });
});

describe('the fitness of all', () => {
  it.each<[HealthStatus[], string, string]>([
    [['critical', 'passing', 'warning'], 'passing', '2 of 3 workers are fit'],
    [['critical', 'warning'], 'warning', '1 of 2 workers are fit'],
    [['maintenance', 'passing'], 'passing', '1 of 2 workers are fit'],
    [['maintenance', 'critical'], 'critical', '0 of 2 workers are fit'],
    [[], 'critical', '0 of 0 workers are fit'],
  ])('of %j is %s', (statuses, status, detail) => {
    expect(overallHealth(statuses.map((each) => ({ status: each, reason: 'ok' })))).toEqual({ status, detail });
  });
});
