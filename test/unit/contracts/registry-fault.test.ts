import { ConfigError, consul, fallback, memory, nearest, Registrar } from 'rollcall';
import type { Registry } from 'rollcall';
import { describe, expect, it } from 'vitest';
import { registryFault } from '../../../src/contracts/registry-fault.js';

const whole = memory();
const verbs = {
  read: whole.read.bind(whole),
  register: whole.register.bind(whole),
  remove: whole.remove.bind(whole),
  close: whole.close.bind(whole),
};
const traits = { isLocal: true, suppliesAddress: false };
/** As registries were written before there were traits. */
const old = { name: 'mine', ...traits, ...verbs } as unknown as Registry;

describe('registryFault', () => {
  it.each([
    ['a backend', consul()],
    ['a chain', fallback([memory(), consul()])],
    ['one of the user', { name: 'mine', traits, ...verbs }],
  ])('finds nothing wrong with %s', (_, registry) => {
    expect(registryFault(registry)).toBeUndefined();
  });

  it.each([
    ['nothing', null, 'a Registry, e.g. consul()'],
    ['a text', 'consul', 'a Registry, e.g. consul()'],
    ['no traits', old, 'a Registry, e.g. consul(); this one lacks traits: { isLocal, suppliesAddress }'],
    [
      'half of the traits',
      { traits: { isLocal: 'yes', suppliesAddress: false }, ...verbs },
      'a Registry, e.g. consul(); this one lacks traits.isLocal (true or false)',
    ],
    [
      'no verbs',
      { traits, read: verbs.read },
      'a Registry, e.g. consul(); this one lacks register(), remove(), close()',
    ],
  ])('says what is missing of %s', (_, value, fault) => {
    expect(registryFault(value)).toBe(fault);
  });
});

it.each([
  ['a Registrar', () => new Registrar({ name: 'orders', registry: old }), 'registry'],
  ['fallback()', () => fallback([memory(), old]), 'fallback registries[1]'],
  ['nearest()', () => nearest([old, memory()]), 'nearest registries[0]'],
])('%s refuses a registry without traits', (_, make, field) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(`${field}: got an object; a Registry, e.g. consul(); this one lacks traits: {`);
});
