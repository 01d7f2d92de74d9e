import { expect, it } from 'vitest';
import { changedServices } from '../../../src/discovery/changed-services.js';

it('names what came, what left and what differs', () => {
  const before = new Map([
    ['same', 'a'],
    ['other', 'a'],
    ['left', 'a'],
  ]);
  const now = new Map([
    ['same', 'a'],
    ['other', 'b'],
    ['came', 'a'],
  ]);
  expect([...changedServices(before, now)].sort()).toEqual(['came', 'left', 'other']);
});
