import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { consul } from '../../../../src/backends/consul/consul-registry.js';
import { resolveConsulOptions } from '../../../../src/backends/consul/consul-options.js';
import type { ConsulOptions } from '../../../../src/backends/consul/consul-options.js';
import { readConsulEnv } from '../../../../src/backends/consul/consul-env.js';
import { isSecret } from '../../../../src/config/env.js';
import { ConfigError } from '../../../../src/core/errors.js';
import { filesOf } from '../../../support/tls/certificates.js';

const nothing = readConsulEnv({});

function issuesOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
  }
  throw new Error('nothing was found wrong');
}

describe('the options of consul()', () => {
  it('mean the agent on this host when nothing is said', () => {
    const target = resolveConsulOptions({}, nothing);
    expect(target).toMatchObject({
      shown: 'http://127.0.0.1:8500',
      isLocal: true,
      token: { kind: 'none' },
      tls: undefined,
      pool: { few: 4, most: 12 },
      warnings: [],
      namespace: undefined,
      partition: undefined,
    });
  });

  it('bound what an answer may take', () => {
    expect(resolveConsulOptions({}, nothing).caps).toEqual({
      look: { bytes: 1_048_576, option: 'consul({ maxLookBytes })' },
      batchLook: { bytes: 8_388_608, option: 'consul({ maxBatchLookBytes })' },
      list: { bytes: 33_554_432, option: 'consul({ maxListBytes })' },
    });
    for (const field of ['maxLookBytes', 'maxBatchLookBytes', 'maxListBytes'] as const) {
      const { look, batchLook, list } = resolveConsulOptions({ [field]: 65_536 }, nothing).caps;
      expect([look, batchLook, list].filter(({ bytes }) => bytes === 65_536)).toMatchObject([
        { option: `consul({ ${field} })` },
      ]);
      for (const value of [0, 65_535, NaN, Infinity, 1.5, '1 MiB', 2 ** 40])
        expect(issuesOf(() => resolveConsulOptions({ [field]: value as number }, nothing))).toMatchObject([{ field }]);
    }
  });

  it('come from the variables of Consul itself', () => {
    const env = readConsulEnv({
      CONSUL_HTTP_ADDR: 'consul.internal:8501',
      CONSUL_HTTP_SSL: 'true',
      CONSUL_HTTP_TOKEN: 't0',
      CONSUL_NAMESPACE: 'team',
      CONSUL_PARTITION: 'blue',
    });
    expect(resolveConsulOptions({}, env)).toMatchObject({
      shown: 'https://consul.internal:8501',
      isLocal: false,
      token: { kind: 'fixed', token: 't0' },
      namespace: 'team',
      partition: 'blue',
    });
  });

  it('win over the variables', () => {
    const env = readConsulEnv({
      CONSUL_HTTP_ADDR: 'http://there:1',
      CONSUL_HTTP_TOKEN: 'theirs',
      CONSUL_NAMESPACE: 'theirs',
    });
    const target = resolveConsulOptions(
      { endpoints: ['https://here:2/prefix/'], token: 'ours', namespace: 'ours' },
      env,
    );
    expect(target).toMatchObject({
      shown: 'https://here:2/prefix',
      token: { kind: 'fixed', token: 'ours' },
      namespace: 'ours',
    });
  });

  it.each(['http://localhost:8500', '127.0.0.1:8500', '127.9.9.9', 'http://[::1]:8500'])(
    'count %s as the agent beside us',
    (endpoint) => {
      expect(resolveConsulOptions({ endpoints: [endpoint] }, nothing).isLocal).toBe(true);
    },
  );

  it.each(['http://', 'http://a:99999', 'http://a?x=1', 'a b', ''])('refuse the endpoint %j', (endpoint) => {
    expect(issuesOf(() => resolveConsulOptions({ endpoints: [endpoint] }, nothing))).toMatchObject([
      { field: 'endpoints[0]', value: '(hidden)' },
    ]);
  });

  it('refuse more than one endpoint, or none', () => {
    for (const endpoints of [[], ['http://a', 'http://b']]) {
      expect(issuesOf(() => resolveConsulOptions({ endpoints }, nothing))).toMatchObject([{ field: 'endpoints' }]);
    }
  });

  it('say how long anything may take', () => {
    expect(resolveConsulOptions({}, nothing).timeouts).toEqual({ connectMs: 3_000, requestMs: 5_000, pollMs: 30_000 });
    expect(resolveConsulOptions({ timeouts: { connect: '1s', poll: '5m' } }, nothing).timeouts).toEqual({
      connectMs: 1_000,
      requestMs: 5_000,
      pollMs: 300_000,
    });
    expect(consul({ timeouts: { request: 700, poll: '10s' } }).deadlines).toEqual({ requestMs: 700, heldMs: 11_000 });
    const wrong = { connect: 0, request: 'soon', poll: '11m', read: 1 } as never;
    expect(issuesOf(() => resolveConsulOptions({ timeouts: wrong }, nothing)).map(({ field }) => field)).toEqual([
      'timeouts.read',
      'timeouts.connect',
      'timeouts.request',
      'timeouts.poll',
    ]);
    expect(issuesOf(() => resolveConsulOptions({ timeouts: '5s' as never }, nothing))).toMatchObject([
      { field: 'timeouts' },
    ]);
  });

  it('name every problem at once, with the variable at fault, and no secret', () => {
    const env = readConsulEnv({ CONSUL_HTTP_ADDR: 'ftp://me:hunter2@there', CONSUL_HTTP_TOKEN: 'hunter3 x' });
    const issues = issuesOf(() => resolveConsulOptions({ namespace: '', partition: 7 as never }, env));
    expect(issues.map(({ field }) => field)).toEqual([
      'CONSUL_HTTP_ADDR',
      'CONSUL_HTTP_TOKEN',
      'namespace',
      'partition',
    ]);
    expect(JSON.stringify(issues)).not.toMatch(/hunter/);
  });

  it('have the token from an option, else from the file that the environment names, else from its variable', async () => {
    const files = await filesOf({ token: ' from-file\n' });
    const path = files.path('token');
    const env = readConsulEnv({ CONSUL_HTTP_TOKEN: 'from-env', CONSUL_HTTP_TOKEN_FILE: path });
    expect(resolveConsulOptions({}, env).token).toEqual({ kind: 'file', path, token: 'from-file' });
    expect(resolveConsulOptions({ token: 'ours' }, env).token).toEqual({ kind: 'fixed', token: 'ours' });
    expect(
      resolveConsulOptions({ tokenFile: path }, readConsulEnv({ CONSUL_HTTP_TOKEN: 'from-env' })).token,
    ).toMatchObject({ kind: 'file' });
    await files.remove();
  });

  it('leave a token file that is not there, or empty, to be waited for', async () => {
    const files = await filesOf({ empty: ' \r\n' });
    for (const path of [files.path('empty'), files.path('absent'), files.path('absent/token')]) {
      expect(resolveConsulOptions({ tokenFile: path }, nothing).token).toEqual({
        kind: 'file',
        path,
        token: undefined,
      });
      const { credentials } = consul({ tokenFile: path });
      expect(credentials?.missing).toEqual([expect.stringContaining(path)]);
    }
    expect(consul({ token: 't' }).credentials?.missing).toEqual([]);
    await files.remove();
  });

  it('refuse a token file that has none in it or cannot be read, and two tokens', async () => {
    const files = await filesOf({ two: 'a b' });
    for (const path of [files.path('two'), tmpdir(), '', 7 as never]) {
      expect(issuesOf(() => resolveConsulOptions({ tokenFile: path }, nothing))).toMatchObject([
        { field: 'tokenFile' },
      ]);
    }
    const env = readConsulEnv({ CONSUL_HTTP_TOKEN_FILE: files.path('two') });
    expect(issuesOf(() => resolveConsulOptions({}, env))).toMatchObject([
      { field: 'CONSUL_HTTP_TOKEN_FILE', value: files.path('two') },
    ]);
    expect(issuesOf(() => resolveConsulOptions({ token: 't', tokenFile: 'f' }, nothing))).toMatchObject([
      { field: 'tokenFile', allowed: 'either `token` or `tokenFile`' },
    ]);
    await files.remove();
  });

  it('refuse a token over plain http to another host, unless that is allowed', () => {
    const there = { endpoints: ['http://10.0.0.9:8500'] };
    for (const token of ['t', () => 't']) {
      const [issue] = issuesOf(() => resolveConsulOptions({ ...there, token }, nothing));
      expect(issue).toMatchObject({ field: 'token', value: '(hidden)' });
      expect(issue?.allowed).toMatch(/Kubernetes node.*allowPlainToken/);
      expect(resolveConsulOptions({ ...there, token, allowPlainToken: true }, nothing).warnings).toEqual([]);
    }
    expect(issuesOf(() => resolveConsulOptions(there, readConsulEnv({ CONSUL_HTTP_TOKEN: 't' })))).toMatchObject([
      { field: 'CONSUL_HTTP_TOKEN' },
    ]);
    expect(resolveConsulOptions(there, nothing).token).toEqual({ kind: 'none' });
  });

  it('have TLS for https from the variables too, and refuse half of a pair by the name it was given by', () => {
    const env = readConsulEnv({
      CONSUL_HTTP_ADDR: 'https://there',
      CONSUL_CACERT: '/nowhere/ca',
      CONSUL_TLS_SERVER_NAME: 'agent',
      CONSUL_HTTP_SSL_VERIFY: 'false',
      CONSUL_CLIENT_CERT: '/nowhere/cert',
    });
    expect(issuesOf(() => resolveConsulOptions({}, env)).map(({ field }) => field)).toEqual(['CONSUL_CLIENT_KEY']);
    expect(resolveConsulOptions({}, { ...env, cert: undefined }).tls?.issues).toMatchObject([
      { field: 'CONSUL_CACERT', pendingFile: '/nowhere/ca (CONSUL_CACERT)' },
    ]);
    const target = resolveConsulOptions({}, { ...env, cert: undefined, ca: undefined });
    expect(target.tls).toMatchObject({ plan: { serverName: 'agent', insecureSkipVerify: true }, material: {} });
    expect(target.warnings).toEqual([expect.stringContaining('not verified')]);
    expect(
      resolveConsulOptions({ tls: { insecureSkipVerify: false } }, { ...env, cert: undefined, ca: undefined }).warnings,
    ).toEqual([]);
  });

  it('refuse TLS that an http endpoint would ignore, but not its variables', () => {
    expect(issuesOf(() => resolveConsulOptions({ tls: { serverName: 'agent' } }, nothing))).toMatchObject([
      { field: 'tls' },
    ]);
    expect(resolveConsulOptions({}, readConsulEnv({ CONSUL_CACERT: '/nowhere/ca' })).tls).toBeUndefined();
  });

  it('refuse what is no option, and flags that are none', () => {
    const env = readConsulEnv({ CONSUL_HTTP_SSL: 'perhaps', CONSUL_HTTP_SSL_VERIFY: 'never' });
    const issues = issuesOf(() =>
      resolveConsulOptions(
        { endpoints: ['https://there'], tls: { caFile: 'x' } as never, pool: 0, allowPlainToken: 'yes' as never },
        env,
      ),
    );
    expect(issues.map(({ field }) => field)).toEqual([
      'CONSUL_HTTP_SSL',
      'CONSUL_HTTP_SSL_VERIFY',
      'tls.caFile',
      'allowPlainToken',
      'pool',
    ]);
  });

  it('keep credentials of a URL out of what is shown', () => {
    expect(resolveConsulOptions({ endpoints: ['https://me:hunter2@there:1'] }, nothing).shown).toBe('https://there:1');
  });

  it('name a Unix socket by its path, with nothing of TLS, in options and in the variable', () => {
    const expected = { socketPath: '/run/my consul.sock', shown: 'unix:///run/my consul.sock', isLocal: true };
    const endpoints = ['unix:///run/my consul.sock'];
    expect(resolveConsulOptions({ endpoints, token: 't' }, nothing)).toMatchObject({ ...expected, tls: undefined });
    const env = { CONSUL_HTTP_ADDR: endpoints[0], CONSUL_HTTP_SSL: 'true', CONSUL_CACERT: '/nowhere/ca' };
    expect(resolveConsulOptions({}, readConsulEnv(env))).toMatchObject({ ...expected, tls: undefined });
    expect(consul({ endpoints }).traits).toEqual({ isLocal: true, suppliesAddress: true, probes: true });
    expect(consul({ endpoints }).endpoint).toBeUndefined();
    expect(issuesOf(() => resolveConsulOptions({ endpoints, tls: { ca: 'x' } }, nothing))).toMatchObject([
      { field: 'tls' },
    ]);
    for (const wrong of ['unix://run/consul.sock', 'unix://', 'unix:/run/consul.sock', 'unix:///a\0b'])
      expect(issuesOf(() => resolveConsulOptions({ endpoints: [wrong] }, nothing))).toMatchObject([
        { field: 'endpoints[0]', allowed: expect.stringContaining('unix:///run/consul.sock') as unknown },
      ]);
  });

  it('have user and password from the variable where the endpoint has none, and show neither', () => {
    const env = readConsulEnv({ CONSUL_HTTP_AUTH: 'me:hunter2%41:x\r\n' });
    const userOf = (options: ConsulOptions) => {
      const { url, shown } = resolveConsulOptions(options, env);
      expect(shown).not.toMatch(/me|hunter/);
      return [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    };
    expect(userOf({})).toEqual(['me', 'hunter2%41:x']);
    expect(userOf({ endpoints: ['unix:///run/consul.sock'] })).toEqual(['me', 'hunter2%41:x']);
    expect(userOf({ endpoints: ['https://you:p@there:1'] })).toEqual(['you', 'p']);
    const plain = { endpoints: ['http://you:p@there:1'] };
    expect(userOf({ ...plain, allowPlainToken: true })).toEqual(['you', 'p']);
    expect(issuesOf(() => resolveConsulOptions(plain, env))).toMatchObject([
      { field: 'endpoints[0]', value: '(hidden)', allowed: expect.stringContaining('allowPlainToken') as string },
    ]);
    expect(issuesOf(() => resolveConsulOptions({ endpoints: ['http://there:1'] }, env))).toMatchObject([
      { field: 'CONSUL_HTTP_AUTH' },
    ]);
    expect(isSecret('CONSUL_HTTP_AUTH')).toBe(true);
  });

  it('are checked by the call, before any network', () => {
    expect(() => consul({ endpoints: ['nonsense://x'] })).toThrow(ConfigError);
  });

  it('can go to a worker; a token that a function gives is asked for where that is', () => {
    const options = { endpoints: ['http://127.0.0.1:1'], token: 't' };
    expect(consul(options).workerSpec?.options).toEqual(structuredClone(options));
    const token = () => 't';
    expect(consul({ token, pool: 2 }).workerSpec).toMatchObject({ options: { pool: 2 }, asks: { token } });
    expect(consul({ token }).workerSpec?.options).toEqual({});
  });
});
