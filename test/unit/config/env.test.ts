import { describe, expect, it } from 'vitest';
import { consulVariables, readConsulEnv, readServiceEnv, serviceVariables } from '../../../src/config/env.js';

describe('readServiceEnv', () => {
  it('reads every variable of its table', () => {
    const fields = Object.entries(serviceVariables).filter(([field]) => field !== 'meta');
    const env = Object.fromEntries(fields.map(([field, { variable }]) => [variable, `the ${field}`]));
    expect(readServiceEnv(env)).toEqual({
      ...Object.fromEntries(fields.map(([field]) => [field, `the ${field}`])),
      meta: {},
    });
  });

  it('gathers meta pairs under lower-case keys', () => {
    expect(readServiceEnv({ SERVICE_META_ZONE: 'eu-1', SERVICE_META_Build_Id: '7' }).meta).toEqual({
      zone: 'eu-1',
      build_id: '7',
    });
  });

  it('takes a variable that is set to nothing as not set', () => {
    const { name, meta } = readServiceEnv({ SERVICE_NAME: '', SERVICE_META_ZONE: '' });
    expect({ name, meta }).toEqual({ name: undefined, meta: {} });
  });

  it('reads the process environment when it is handed none', () => {
    process.env['SERVICE_NAME'] = 'from-process';
    try {
      expect(readServiceEnv().name).toBe('from-process');
    } finally {
      delete process.env['SERVICE_NAME'];
    }
  });
});

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
