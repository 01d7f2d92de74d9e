import { expect, it } from 'vitest';
import { closestName } from '../../../src/core/closest-name.js';

const known = ['name', 'tags', 'meta', 'heartbeat', 'deregisterCriticalAfter', 'shutdown'];

it.each([
  ['nam', 'name'],
  ['Name', 'name'],
  ['tag', 'tags'],
  ['heartbeet', 'heartbeat'],
  ['deregisterAfter', undefined],
  ['deregister_critical_after', 'deregisterCriticalAfter'],
  ['shutDown', 'shutdown'],
  ['colour', undefined],
])('takes %s for %s', (name, meant) => {
  expect(closestName(name, known)).toBe(meant);
});

it('prefers the nearer of two', () => {
  expect(closestName('mini', ['max', 'min', 'mine'])).toBe('min');
});
