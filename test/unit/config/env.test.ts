import { describe, expect, it } from 'vitest';
import { consulVariables } from '../../../src/backends/consul/consul-env.js';
import { etcdVariables } from '../../../src/backends/etcd/etcd-env.js';
import { redisVariables } from '../../../src/backends/redis/redis-env.js';
import { isSecret, readServiceEnv, readVariables, serviceVariables } from '../../../src/config/env.js';

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
    password: { variable: 'DEPOT_PASSWORD', option: 'depot({ password })', meaning: 'its password' },
  };

  it('is read field by field; a variable that is set to nothing is not set', () => {
    expect(readVariables(table, { DEPOT_USER: 'me', DEPOT_PASSWORD: '' })).toEqual({ user: 'me', password: undefined });
    expect(readVariables(table, { DEPOT_USER: 'me\r\n', DEPOT_PASSWORD: ' \n' })).toEqual({
      user: 'me',
      password: undefined,
    });
  });
});

it('knows the secrets of every backend, also before one is loaded', () => {
  const tables = [consulVariables, etcdVariables, redisVariables].flatMap((each) => Object.values(each));
  const secret = tables.map(({ variable }) => variable).filter(isSecret);
  expect(secret).toEqual(
    tables.map(({ variable }) => variable).filter((name) => /TOKEN$|AUTH|USER|PASS|KEY$|URL$/.test(name)),
  );
  expect(['SERVICE_NAME', 'toString'].map(isSecret)).toEqual([false, false]);
});
