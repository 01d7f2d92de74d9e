import { describe, expect, it } from 'vitest';
import { consul } from '../../../../src/backends/consul/consul-registry.js';
import { resolveConsulOptions } from '../../../../src/backends/consul/consul-options.js';
import { readConsulEnv } from '../../../../src/config/env.js';
import { ConfigError } from '../../../../src/errors.js';

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
    expect(target).toMatchObject({ shown: 'http://127.0.0.1:8500', nearby: true, token: undefined, namespace: undefined, partition: undefined });
  });

  it('come from the variables of Consul itself', () => {
    const env = readConsulEnv({ CONSUL_HTTP_ADDR: 'consul.internal:8501', CONSUL_HTTP_SSL: 'true', CONSUL_HTTP_TOKEN: 't0', CONSUL_NAMESPACE: 'team', CONSUL_PARTITION: 'blue' });
    expect(resolveConsulOptions({}, env)).toMatchObject({ shown: 'https://consul.internal:8501', nearby: false, token: 't0', namespace: 'team', partition: 'blue' });
  });

  it('win over the variables', () => {
    const env = readConsulEnv({ CONSUL_HTTP_ADDR: 'http://there:1', CONSUL_HTTP_TOKEN: 'theirs', CONSUL_NAMESPACE: 'theirs' });
    const target = resolveConsulOptions({ endpoints: ['http://here:2/prefix/'], token: 'ours', namespace: 'ours' }, env);
    expect(target).toMatchObject({ shown: 'http://here:2/prefix', token: 'ours', namespace: 'ours' });
  });

  it.each(['http://localhost:8500', '127.0.0.1:8500', '127.9.9.9', 'http://[::1]:8500'])('count %s as the agent beside us', (endpoint) => {
    expect(resolveConsulOptions({ endpoints: [endpoint] }, nothing).nearby).toBe(true);
  });

  it.each(['http://', 'unix:///run/consul.sock', 'http://a:99999', 'http://a?x=1', 'a b', ''])('refuse the endpoint %j', (endpoint) => {
    expect(issuesOf(() => resolveConsulOptions({ endpoints: [endpoint] }, nothing))).toMatchObject([{ field: 'endpoints[0]', value: endpoint }]);
  });

  it('refuse more than one endpoint, or none', () => {
    for (const endpoints of [[], ['http://a', 'http://b']]) {
      expect(issuesOf(() => resolveConsulOptions({ endpoints }, nothing))).toMatchObject([{ field: 'endpoints' }]);
    }
  });

  it('name every problem at once, with the variable at fault, and no secret', () => {
    const env = readConsulEnv({ CONSUL_HTTP_ADDR: 'ftp://me:hunter2@there', CONSUL_HTTP_TOKEN: 'hunter3\n' });
    const issues = issuesOf(() => resolveConsulOptions({ namespace: '', partition: 7 as never }, env));
    expect(issues.map(({ field }) => field)).toEqual(['CONSUL_HTTP_ADDR', 'CONSUL_HTTP_TOKEN', 'namespace', 'partition']);
    expect(JSON.stringify(issues)).not.toMatch(/hunter/);
  });

  it('keep credentials of a URL out of what is shown', () => {
    expect(resolveConsulOptions({ endpoints: ['https://me:hunter2@there:1'] }, nothing).shown).toBe('https://there:1');
  });

  it('are checked by the call, before any network', () => {
    expect(() => consul({ endpoints: ['nonsense://x'] })).toThrow(ConfigError);
  });

  it('can go to a worker, unless the token is a function', () => {
    const options = { endpoints: ['http://127.0.0.1:1'], token: 't' };
    expect(consul(options).portable?.options).toEqual(structuredClone(options));
    expect(consul({ token: () => 't' }).portable).toBeUndefined();
  });
});
