import { describe, expect, it } from 'vitest';
import { readServiceEnv } from '../../../src/config/env.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { Labels } from '../../../src/config/labels.js';
import { isServiceLink } from '../../../src/config/service-links.js';
import { readConsulEnv } from '../../../src/backends/consul/consul-env.js';
import { readEtcdEnv } from '../../../src/backends/etcd/etcd-env.js';
import { readRedisEnv } from '../../../src/backends/redis/redis-env.js';

/** What the kubelet sets in every pod for a Service with one named port. */
const linksOf = (service: string, ip = '10.96.3.7', port = 80) => {
  const name = service.toUpperCase().replaceAll('-', '_');
  const url = `tcp://${ip}:${String(port)}`;
  const ofPort = `${name}_PORT_${String(port)}_TCP`;
  return {
    [`${name}_SERVICE_HOST`]: ip,
    [`${name}_SERVICE_PORT`]: String(port),
    [`${name}_SERVICE_PORT_HTTP`]: String(port),
    [`${name}_PORT`]: url,
    [ofPort]: url,
    [`${ofPort}_PROTO`]: 'tcp',
    [`${ofPort}_PORT`]: String(port),
    [`${ofPort}_ADDR`]: ip,
  };
};
const services = ['service', 'service-meta', 'service-meta-zone', 'service-meta-port', 'consul', 'consul-http'];
const others = ['etcd', 'etcdctl', 'redis', 'redis-url', 'kubernetes', 'service-tags', 'service-name', 'pod-ip'];
const namespace = Object.assign({}, ...[...services, ...others].map((service) => linksOf(service))) as Record<
  string,
  string
>;
const own = { SERVICE_NAME: 'orders', SERVICE_META_ZONE: 'eu-1', SERVICE_TAGS: 'v1' };

describe('the links of Kubernetes to its Services', () => {
  it('reach neither options nor labels, whatever the Services are called', () => {
    const env = readServiceEnv({ ...namespace, ...own });
    expect(env).toMatchObject({ name: 'orders', port: undefined, tags: 'v1', meta: { zone: 'eu-1' } });
    expect(resolveConfig({}, env)).toMatchObject({ port: undefined, meta: { zone: 'eu-1' }, tags: ['v1'] });
    expect(Labels.of({}, env).on({ tags: [], meta: {} } as never).meta).toEqual({ zone: 'eu-1' });
  });

  it('set no variable of a registry', () => {
    for (const read of [readConsulEnv, readEtcdEnv, readRedisEnv])
      expect(Object.values(read(namespace)).filter((value) => value !== undefined)).toEqual([]);
  });

  it('are all recognised, over IPv6 too', () => {
    for (const env of [linksOf('service'), linksOf('service-meta', 'fd00::7', 8443)])
      expect(Object.keys(env).filter((variable) => !isServiceLink(variable, env))).toEqual([]);
  });

  it('are told in one warning that names them and what to do', () => {
    const { warnings } = resolveConfig({}, readServiceEnv({ ...namespace, ...own }));
    expect(warnings).toEqual([expect.stringMatching(/SERVICE_PORT, SERVICE_META_.* more .*enableServiceLinks: false/)]);
    expect(
      resolveConfig({}, readServiceEnv({ ...linksOf('redis'), ...linksOf('kubernetes'), ...own })).warnings,
    ).toEqual([]);
  });

  it('are recognised by the URL of the port where its number is missing', () => {
    const env = { SERVICE_META_PORT: 'tcp://10.96.3.8:80', SERVICE_META_SERVICE_HOST: '10.96.3.8' };
    expect(readServiceEnv(env).meta).toEqual({});
  });

  it('leave alone what a manifest set itself, which takes precedence over them', () => {
    const env = readServiceEnv({ ...linksOf('service'), ...own, SERVICE_PORT: '8080' });
    expect(env).toMatchObject({ port: '8080', serviceLinks: expect.not.arrayContaining(['SERVICE_PORT']) as unknown });
    const meta = {
      SERVICE_META_PORT: '8080',
      SERVICE_META_SERVICE_HOST: 'db.example',
      SERVICE_META_SERVICE_PORT: '80',
    };
    expect(readServiceEnv(meta).meta).toEqual({ port: '8080', service_host: 'db.example', service_port: '80' });
  });

  it('leave a port that is a URL to the check, where no Service is behind it', () => {
    const env = readServiceEnv({ ...own, SERVICE_PORT: 'tcp://10.96.3.7:80' });
    expect(() => resolveConfig({}, env)).toThrow(/SERVICE_PORT/);
  });
});

it('reads tags as a JSON array, and refuses one that is broken by the name of the variable', () => {
  const tagsOf = (tags: string) => resolveConfig({}, readServiceEnv({ ...own, SERVICE_TAGS: tags })).tags;
  expect(tagsOf('["v1", "a, b"]\r\n')).toEqual(['v1', 'a, b']);
  expect(() => tagsOf('["v1", 2]')).toThrow(/SERVICE_TAGS/);
  expect(() => tagsOf('["v1",')).toThrow(/SERVICE_TAGS/);
});
