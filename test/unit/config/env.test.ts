import { describe, expect, it } from 'vitest';
import {
  declareVariables,
  isSecret,
  readServiceEnv,
  readVariables,
  serviceVariables,
} from '../../../src/config/env.js';

describe('readServiceEnv', () => {
  it('reads every variable of its table', () => {
    const fields = Object.entries(serviceVariables).filter(([field]) => field !== 'meta');
    const env = Object.fromEntries(fields.map(([field, { variable }]) => [variable, `the ${field}`]));
    expect(readServiceEnv(env)).toEqual({
      ...Object.fromEntries(fields.map(([field]) => [field, `the ${field}`])),
      meta: {},
      serviceLinks: [],
    });
  });

  it('trims every variable alike, also of the line break of a file from Windows', () => {
    const { name, port, tags, meta } = readServiceEnv({
      SERVICE_NAME: ' orders\r\n',
      SERVICE_PORT: '8080\r',
      SERVICE_TAGS: '\t\r\n',
      SERVICE_META_ZONE: 'eu-1\r\n',
      SERVICE_META_EMPTY: ' \r\n',
    });
    expect({ name, port, tags, meta }).toEqual({
      name: 'orders',
      port: '8080',
      tags: undefined,
      meta: { zone: 'eu-1' },
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

describe('a table of variables', () => {
  const table = {
    user: { variable: 'DEPOT_USER', option: 'depot({ user })', meaning: 'name of a user' },
    password: { variable: 'DEPOT_PASSWORD', option: 'depot({ password })', meaning: 'its password', secret: true },
  };

  it('is read field by field; a variable that is set to nothing is not set', () => {
    expect(readVariables(table, { DEPOT_USER: 'me', DEPOT_PASSWORD: '' })).toEqual({ user: 'me', password: undefined });
    expect(readVariables(table, { DEPOT_USER: 'me\r\n', DEPOT_PASSWORD: ' \n' })).toEqual({
      user: 'me',
      password: undefined,
    });
  });

  it('has its secrets known once it is declared, and nothing else', () => {
    expect(isSecret('DEPOT_PASSWORD')).toBe(false);
    expect(declareVariables(table)).toBe(table);
    expect(['DEPOT_PASSWORD', 'DEPOT_USER', 'SERVICE_NAME', 'toString'].map(isSecret)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
