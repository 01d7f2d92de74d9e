import { expect, it } from 'vitest';
import { familyOf, loopbackOf, otherFamily, unservedFamily } from '../../../src/instance/served-family.js';

const on = (address: string, isIpv6Only = false) => ({ address, isIpv6Only, port: 1, protocol: 'http' as const });

it.each([
  ['0.0.0.0', false, 'IPv6'],
  ['10.0.0.5', false, 'IPv6'],
  ['::ffff:10.0.0.5', false, 'IPv6'],
  ['::', false, undefined],
  ['::', true, 'IPv4'],
  ['fd00::5', false, 'IPv4'],
])('a server on %s, IPv6 only: %s, does not take %s', (address, isIpv6Only, unserved) => {
  expect(unservedFamily(on(address, isIpv6Only))).toBe(unserved);
  expect(loopbackOf(on(address, isIpv6Only))).toBe(unserved === 'IPv4' ? '::1' : '127.0.0.1');
});

it('no server refuses none', () => {
  expect(unservedFamily(undefined)).toBeUndefined();
  expect(loopbackOf(undefined)).toBe('127.0.0.1');
});

it('an address is of one family, a mapped one of IPv4', () => {
  expect(['10.0.0.5', '::ffff:10.0.0.5', 'fd00::5'].map(familyOf)).toEqual(['IPv4', 'IPv4', 'IPv6']);
  expect([otherFamily('IPv4'), otherFamily('IPv6')]).toEqual(['IPv6', 'IPv4']);
});
