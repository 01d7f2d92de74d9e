import { expect, it } from 'vitest';
import { nearest } from '../../../src/config/nearest.js';

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
  expect(nearest(name, known)).toBe(meant);
});

it('prefers the nearer of two', () => {
  expect(nearest('mini', ['max', 'min', 'mine'])).toBe('min');
});
