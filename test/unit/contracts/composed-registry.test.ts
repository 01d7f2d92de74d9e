import { fallback, file, memory, nearest } from 'rollcall';
import { expect, it } from 'vitest';
import { asComposed } from '../../../src/contracts/composed-registry.js';

it.each([
  ['fallback', fallback([memory(), file()])],
  ['nearest', nearest([memory(), file()])],
])('%s() is a composition, and says how its registries do', (_, registry) => {
  expect(asComposed(registry)?.members?.map(({ name }) => name)).toEqual(['memory', 'file']);
});

it('takes a registry for itself alone, whatever fields of its own it has', () => {
  const own = Object.assign(memory(), { members: 'who is here', inDoubt: true, adopt: () => undefined });
  expect(asComposed(own)).toBeUndefined();
});
