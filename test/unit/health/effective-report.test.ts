import { describe, expect, it } from 'vitest';
import { effectiveReport, probedHealth } from '../../../src/health/effective-report.js';
import { ownMaintenance } from '../../../src/contracts/health-report.js';
import { aggregateHealth } from '../../../src/health/aggregate-health.js';
import type { ComponentHealth } from '../../../src/contracts/health-report.js';

const healthOf = (effect: ComponentHealth['effect']) =>
  aggregateHealth([
    {
      name: 'db',
      status: effect === 'none' ? 'passing' : 'critical',
      reason: effect === 'none' ? 'ok' : 'timeout',
      effect,
    },
  ]);
const healths = (['none', 'degraded', 'warning', 'critical'] as const).map(healthOf);
const maintenance = ownMaintenance('new disks');

const winners = {
  'not ready': { status: 'critical', reason: 'not ready yet' },
  maintenance: { status: 'maintenance', reason: 'rollcall: new disks' },
  stalled: { status: 'critical', reason: 'the event loop is stalled for longer than 1.5s' },
  failing: { status: 'critical', reason: 'the server fails' },
} as const;

describe('the report of a heartbeat', () => {
  it.each([
    // ready, in maintenance, main thread stalled, server failing, and whose report it is
    [true, false, false, false, 'components'],
    [true, false, false, true, 'failing'],
    [true, false, true, false, 'stalled'],
    [true, false, true, true, 'stalled'],
    [true, true, false, false, 'maintenance'],
    [true, true, false, true, 'maintenance'],
    [true, true, true, false, 'maintenance'],
    [true, true, true, true, 'maintenance'],
    [false, false, false, false, 'not ready'],
    [false, false, false, true, 'not ready'],
    [false, false, true, false, 'not ready'],
    [false, false, true, true, 'not ready'],
    [false, true, false, false, 'not ready'],
    [false, true, false, true, 'not ready'],
    [false, true, true, false, 'not ready'],
    [false, true, true, true, 'not ready'],
  ] as const)(
    'ready %s, maintenance %s, stalled %s, server failing %s: %s',
    (ready, maintained, stalled, failing, winner) => {
      for (const health of healths) {
        const report = effectiveReport({
          isReady: ready,
          maintenance: maintained ? maintenance : undefined,
          exceededStallToleranceMs: stalled ? 1_500 : undefined,
          isServerFailing: failing,
          health,
        });
        if (winner === 'components') expect(report).toBe(health);
        else expect(report).toEqual(winners[winner]);
      }
    },
  );
});

it.each([
  [true, false, 'components'],
  [false, false, 'not ready yet'],
  [true, true, 'draining'],
  [false, true, 'draining'],
] as const)('what a probe learns: ready %s, draining %s: %s', (ready, draining, winner) => {
  for (const health of healths)
    expect(probedHealth({ ready, draining, health })).toBe(winner === 'components' ? health : winner);
});
