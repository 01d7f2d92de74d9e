import { expect, it } from 'vitest';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import type { DiscoveredInstance } from '../../../src/index.js';

/** What others wrote may lack anything. */
type Changes = { [Field in keyof DiscoveredInstance]?: DiscoveredInstance[Field] | undefined };

const resolved = (changes: Changes) =>
  resolveInstance({
    name: 'orders',
    id: 'orders-1',
    address: '10.0.0.7',
    port: 3000,
    tags: [],
    meta: {},
    status: 'passing',
    ...changes,
  } as DiscoveredInstance);

it.each<[what: string, changes: Changes, origin: string | undefined]>([
  ['an old entry, without a scheme', {}, 'http://10.0.0.7:3000'],
  ['a scheme', { meta: { scheme: 'https' } }, 'https://10.0.0.7:3000'],
  ['a scheme in capitals', { meta: { scheme: 'HTTPS' } }, 'https://10.0.0.7:3000'],
  ['a scheme of something else', { meta: { scheme: 'javascript' } }, 'http://10.0.0.7:3000'],
  ['IPv6', { address: 'fd00::7' }, 'http://[fd00::7]:3000'],
  ['a host name', { address: 'orders.internal' }, 'http://orders.internal:3000'],
  ['no port', { port: undefined }, undefined],
  ['port 0', { port: 0 }, undefined],
  ['a port beyond all', { port: 65_536 }, undefined],
  ['half a port', { port: 1.5 }, undefined],
  ['no address', { address: undefined }, undefined],
  ['an empty address', { address: '' }, undefined],
  ['an address that is none', { address: 'a b' }, undefined],
])('%s', (_what, changes, origin) => {
  expect(resolved(changes).origin).toBe(origin);
});

it('has the zone and the name of the certificate from the meta, where they are set', () => {
  expect(resolved({ meta: { zone: 'eu-1a', tls_server_name: 'orders.internal' } })).toMatchObject({
    zone: 'eu-1a',
    tls: { serverName: 'orders.internal' },
  });
  expect(Object.keys(resolved({ meta: { zone: '', tls_server_name: '' } }))).not.toContain('zone');
  expect(resolved({}).tls).toBeUndefined();
});
