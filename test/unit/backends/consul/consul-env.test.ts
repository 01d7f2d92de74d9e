import { describe, expect, it } from 'vitest';
import { consulVariables, readConsulEnv } from '../../../../src/backends/consul/consul-env.js';
import { serviceVariables } from '../../../../src/config/env.js';

describe('readConsulEnv', () => {
  it("reads Consul's own variables", () => {
    const env = Object.fromEntries(
      Object.entries(consulVariables).map(([field, { variable }]) => [variable, `the ${field}`]),
    );
    expect(readConsulEnv(env)).toEqual(
      Object.fromEntries(Object.keys(consulVariables).map((field) => [field, `the ${field}`])),
    );
  });

  it('has all of its fields when nothing is set', () => {
    expect(Object.keys(readConsulEnv({})).sort()).toEqual(Object.keys(consulVariables).sort());
    expect(Object.values(readConsulEnv({})).every((value) => value === undefined)).toBe(true);
  });
});

it('names no variable twice for different things', () => {
  const rows = [...Object.values(serviceVariables), ...Object.values(consulVariables)];
  const meanings = new Map(rows.map(({ variable, meaning }) => [variable, meaning]));
  expect(rows.every(({ variable, meaning }) => meanings.get(variable) === meaning)).toBe(true);
});
