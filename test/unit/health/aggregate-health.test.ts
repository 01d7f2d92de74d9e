import { expect, it } from 'vitest';
import { aggregateHealth } from '../../../src/health/aggregate-health.js';
import type { ComponentHealth } from '../../../src/contracts/health-report.js';

const part = (
  name: string,
  effect: ComponentHealth['effect'],
  reason: ComponentHealth['reason'] = 'failed',
): ComponentHealth => ({ name, status: 'critical', reason, effect });

it('is fine without components, and with such that are fine', () => {
  expect(aggregateHealth([])).toEqual({ status: 'passing', reason: 'ok', degraded: false, components: [] });
  expect(aggregateHealth([part('db', 'none')])).toMatchObject({ status: 'passing', reason: 'ok', degraded: false });
});

it.each([
  ['degraded', 'passing', true],
  ['warning', 'warning', false],
  ['critical', 'critical', false],
] as const)('is as bad as the worst effect: %s is %s in the registry', (worst, status, degraded) => {
  const { reason, ...health } = aggregateHealth([part('a', 'none'), part('b', worst), part('c', 'degraded')]);
  expect(health).toMatchObject({ status, degraded });
  expect(reason.startsWith(`${worst}: b failed`)).toBe(true);
});

it('names the worst first, and is the same text for the same health', () => {
  const parts = [part('z', 'degraded', 'timeout'), part('payments', 'degraded', 'open'), part('redis', 'critical')];
  expect(aggregateHealth(parts).reason).toBe('critical: redis failed, payments open, z timeout');
  expect(aggregateHealth([...parts].reverse()).reason).toBe(aggregateHealth(parts).reason);
});

it('is short however many there are, and says how many it leaves out', () => {
  const { reason } = aggregateHealth(
    Array.from({ length: 200 }, (_, index) => part(`c${String(index).padStart(3, '0')}`, 'degraded')),
  );
  expect(reason.length).toBeLessThan(1_050);
  const [, shown = '', more] = /^degraded: (.*) and (\d+) more$/.exec(reason) ?? [];
  expect(shown.split(', ').length + Number(more)).toBe(200);
});
