import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { resolveEtcdOptions } from '../../../../src/backends/etcd/etcd-options.js';
import type { EtcdOptions } from '../../../../src/backends/etcd/etcd-options.js';
import { etcd } from '../../../../src/backends/etcd/etcd-registry.js';
import { readEtcdEnv } from '../../../../src/backends/etcd/etcd-env.js';
import { EtcdCredentials } from '../../../../src/backends/etcd/etcd-credentials.js';
import { ConfigError } from '../../../../src/core/errors.js';
import { filesOf } from '../../../support/tls/certificates.js';

const nothing = readEtcdEnv({});

function issuesOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
  }
  throw new Error('nothing was found wrong');
}

describe('the options of etcd()', () => {
  it('mean the member on this host when nothing is said', () => {
    expect(resolveEtcdOptions({}, nothing)).toMatchObject({
      shown: 'http://127.0.0.1:2379',
      isLocal: true,
      user: undefined,
      tls: undefined,
      layout: undefined,
      warnings: [],
    });
  });

  it('come from the variables of etcdctl', () => {
    const env = readEtcdEnv({ ETCDCTL_ENDPOINTS: '127.0.0.1:2379, http://localhost:2380', ETCDCTL_USER: 'me:a:b' });
    expect(resolveEtcdOptions({}, env)).toMatchObject({
      shown: 'http://127.0.0.1:2379, http://localhost:2380',
      isLocal: true,
      user: { name: 'me', password: { kind: 'fixed', password: 'a:b' } },
    });
    expect(resolveEtcdOptions({}, { ...env, user: 'me:x', password: 'y' }).user).toEqual({
      name: 'me:x',
      password: { kind: 'fixed', password: 'y' },
    });
  });

  it('win over the variables, name and password as one', () => {
    const env = readEtcdEnv({ ETCDCTL_ENDPOINTS: 'there:1', ETCDCTL_USER: 'them', ETCDCTL_PASSWORD: 'theirs' });
    expect(resolveEtcdOptions({ endpoints: ['127.0.0.1:2'], username: 'us', password: 'ours' }, env)).toMatchObject({
      shown: 'http://127.0.0.1:2',
      user: { name: 'us', password: { kind: 'fixed', password: 'ours' } },
    });
    expect(issuesOf(() => resolveEtcdOptions({ endpoints: ['127.0.0.1:2'], username: 'us' }, env))).toMatchObject([
      { field: 'password', value: '(hidden)' },
    ]);
  });

  it('are of a cluster elsewhere as soon as one member is', () => {
    const registry = etcd({ endpoints: ['http://127.0.0.1:2379', 'http://[fd00::1]:2379'] });
    expect([registry.traits.isLocal, registry.endpoint]).toEqual([false, { host: 'fd00::1', port: 2379 }]);
  });

  it.each(['http://', 'unix:///run/etcd.sock', 'http://a:99999', 'http://a?x=1', 'http://me:hunter2@there', ''])(
    'refuse the endpoint %j',
    (endpoint) => {
      const issues = issuesOf(() => resolveEtcdOptions({ endpoints: ['http://there', endpoint] }, nothing));
      expect(issues).toMatchObject([{ field: 'endpoints[1]' }]);
      expect(JSON.stringify(issues)).not.toContain('hunter2');
    },
  );

  it('name every problem at once, with the variable at fault, and no secret', () => {
    const env = readEtcdEnv({
      ETCDCTL_ENDPOINTS: 'ftp://me:hunter2@there,http://10.0.0.1',
      ETCDCTL_PASSWORD: 'hunter3',
    });
    const issues = issuesOf(() =>
      resolveEtcdOptions({ allowPlainPassword: 'yes' as never, layout: 'kratos' as never }, env),
    );
    expect(issues.map(({ field }) => field)).toEqual([
      'ETCDCTL_ENDPOINTS',
      'allowPlainPassword',
      'ETCDCTL_USER',
      'ETCDCTL_PASSWORD',
      'layout',
    ]);
    expect(JSON.stringify(issues)).not.toMatch(/hunter/);
    expect(issuesOf(() => resolveEtcdOptions({ endpoints: [] }, nothing))).toMatchObject([{ field: 'endpoints' }]);
    expect(issuesOf(() => resolveEtcdOptions({ endpoints: ['http://a', 'https://b'] }, nothing))).toMatchObject([
      { field: 'endpoints' },
    ]);
  });

  it('refuse a password over plain http to another host, unless that is allowed', () => {
    const open = { endpoints: ['http://127.0.0.1:1', 'http://10.0.0.9:2379'], username: 'me', password: 'pw' };
    expect(issuesOf(() => resolveEtcdOptions(open, nothing))).toMatchObject([
      { field: 'password', value: '(hidden)', allowed: expect.stringContaining('10.0.0.9:2379') as string },
    ]);
    expect(resolveEtcdOptions({ ...open, allowPlainPassword: true }, nothing).user).toEqual({
      name: 'me',
      password: { kind: 'fixed', password: 'pw' },
    });
    expect(resolveEtcdOptions({ ...open, endpoints: ['https://10.0.0.9:2379'] }, nothing).user).toBeDefined();
  });

  it('have TLS for https from the variables too, and refuse what http would ignore', () => {
    const env = readEtcdEnv({
      ETCDCTL_ENDPOINTS: 'https://there',
      ETCDCTL_CACERT: '/nowhere/ca',
      ETCDCTL_CERT: '/nowhere/cert',
    });
    expect(issuesOf(() => resolveEtcdOptions({}, env)).map(({ field }) => field)).toEqual(['ETCDCTL_KEY']);
    const { missing } = new EtcdCredentials(resolveEtcdOptions({}, { ...env, cert: undefined }));
    expect(missing).toEqual(['the TLS file /nowhere/ca (ETCDCTL_CACERT) is not there yet, or empty']);
    expect(issuesOf(() => resolveEtcdOptions({ tls: { serverName: 'x' } }, nothing))).toMatchObject([{ field: 'tls' }]);
    expect(
      resolveEtcdOptions({ tls: { insecureSkipVerify: true } }, readEtcdEnv({ ETCDCTL_ENDPOINTS: 'https://there' }))
        .warnings,
    ).toEqual([expect.stringContaining('not verified')]);
  });

  it('have a password in a file or from a function, which is what a worker asks for', async () => {
    const files = await filesOf({ password: 'from the file\n', empty: '' });
    const of = (options: EtcdOptions) => resolveEtcdOptions({ username: 'me', ...options }, nothing);
    const path = files.path('password');
    expect(of({ passwordFile: path }).user?.password).toEqual({ kind: 'file', path, password: 'from the file' });
    const password = () => 'asked';
    expect(of({ password }).user?.password).toEqual({ kind: 'function', ask: password, option: 'password' });
    expect(etcd({ username: 'me', password }).workerSpec).toEqual({
      kind: 'etcd',
      options: { username: 'me' },
      asks: { password },
    });
    expect(issuesOf(() => of({ passwordFile: path, password: 'pw' }))).toMatchObject([{ field: 'passwordFile' }]);
    for (const pending of [files.path('empty'), '/nowhere/at all'])
      expect(new EtcdCredentials(of({ passwordFile: pending })).missing).toHaveLength(1);
    expect(issuesOf(() => of({ passwordFile: '/' }))).toMatchObject([
      { field: 'passwordFile', allowed: expect.stringContaining('is not a file') as string },
    ]);
    await files.remove();
  });

  it('bound what an answer may take', () => {
    expect(resolveEtcdOptions({}, nothing).caps).toEqual({
      look: { bytes: 1_048_576, option: 'etcd({ maxLookBytes })' },
      list: { bytes: 33_554_432, option: 'etcd({ maxListBytes })' },
    });
    expect(resolveEtcdOptions({ maxListBytes: 65_536 }, nothing).caps.list.bytes).toBe(65_536);
    for (const value of [0, -1, NaN, Infinity, 1.5, '1 MiB'])
      expect(issuesOf(() => resolveEtcdOptions({ maxLookBytes: value as number }, nothing))).toMatchObject([
        { field: 'maxLookBytes' },
      ]);
  });

  it('show no password, however the registry is printed', () => {
    const registry = etcd({ username: 'svc', password: 'hunter2-TOPSECRET' });
    expect(inspect(registry, { depth: 9, showHidden: true }) + JSON.stringify(registry)).not.toContain('hunter2');
    expect(registry.workerSpec?.options).toMatchObject({ password: 'hunter2-TOPSECRET' });
  });

  it('can go to a worker, unless the layout is a function', () => {
    const options = { endpoints: ['http://127.0.0.1:1'], username: 'me', password: 'pw' };
    expect(etcd(options).workerSpec?.options).toEqual(structuredClone(options));
    expect(etcd({ layout: () => undefined }).workerSpec).toBeUndefined();
  });
});
