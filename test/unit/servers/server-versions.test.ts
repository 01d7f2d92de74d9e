import { describe, expect, it } from 'vitest';
import { consulFacts, etcdFacts, isAtLeast, redisFacts } from '../../support/servers/server-versions.js';

describe('versions', () => {
  it('are compared as numbers, part by part', () => {
    expect(isAtLeast('1.14.11', '1.8.7')).toBe(true);
    expect(isAtLeast('1.8.7', '1.14.0')).toBe(false);
    expect(isAtLeast('1.26', '1.26')).toBe(true);
    expect(isAtLeast('1.26.8', '1.26')).toBe(true);
    expect(isAtLeast('1.25.9', '1.26')).toBe(false);
  });

  it('decide what a server is started with and what its words are', () => {
    const of = (product: string, text: string) => ({ product, text });
    expect(consulFacts(of('Consul', '1.8.7'))).toMatchObject({ closedPorts: {}, managementToken: 'master' });
    expect(consulFacts(of('Consul', '1.14.11'))).toMatchObject({ closedPorts: { grpc_tls: -1 }, answersAsNewer: true });
    expect(etcdFacts(of('etcd', '3.4.23')).healthy).toEqual({ health: 'true' });
    expect(etcdFacts(of('etcd', '3.7.3')).healthy).toEqual({ health: 'true', reason: '' });
    expect(redisFacts(of('Redis', '6.0.16')).takeAllSlots).toHaveLength(16_386);
    expect(redisFacts(of('Valkey', '9.1.2')).takeAllSlots).toHaveLength(4);
  });
});
