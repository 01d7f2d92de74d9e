import { expect, it } from 'vitest';
import { judgeDrain } from '../../prove/drain/judge-drain.js';
import type { DrainRun } from '../../prove/drain/judge-drain.js';

const good: DrainRun = {
  removals: [{ removed: 4, latePicks: 0, closedMs: 12 }],
  calls: 100,
  failures: [],
  finishedLater: 3,
};

it('is content with instances that leave unnoticed', () => {
  expect(judgeDrain(good, 5)).toMatchObject({ problems: [], figures: { removed: 4, calls: 100, failed: 0 } });
});

it.each([
  ['a late pick', { removals: [{ removed: 1, latePicks: 1, closedMs: 1 }] }, 'came after it had left'],
  ['a failure', { failures: ['reset'] }, '1 of 100 calls failed: reset'],
  ['a connection that stays', { removals: [{ removed: 1, latePicks: 0, closedMs: undefined }] }, 'stayed open'],
  ['one that stays for long', { removals: [{ removed: 1, latePicks: 0, closedMs: 1_200 }] }, 'stayed open'],
  ['no call under way', { finishedLater: 0 }, 'no call was under way'],
  ['no removal', { removals: [] }, 'nothing was removed'],
])('sees %s', (_name, change, problem) => {
  expect(judgeDrain({ ...good, ...change }, 5).problems.join()).toContain(problem);
});

it('sees a control that does not fail', () => {
  expect(judgeDrain(good, 0).problems).toHaveLength(1);
});
