import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { AddressNotFoundError } from '../../../src/errors.js';
import { chooseAddress, hostPort } from '../../../src/instance/address.js';
import type { AddressFacts, Interfaces } from '../../../src/instance/address.js';

const near = { nearby: true, suppliesAddress: false };
const far = { nearby: false, suppliesAddress: false };
const agent = { nearby: true, suppliesAddress: true };

const info = (address: string, internal = false) => ({ address, internal, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo;
const loopback = { lo: [info('127.0.0.1', true), info('::1', true)] };
const host: Interfaces = { ...loopback, docker0: [info('172.17.0.1')], eth0: [info('fe80::1'), info('fd00::7'), info('10.0.0.7')] };

const choose = (facts: Partial<AddressFacts>) =>
  chooseAddress({ configured: undefined, bound: undefined, registry: far, interfaces: host, ...facts });

it('takes the configured address before everything else', () => {
  expect(choose({ configured: 'orders.internal', bound: '10.0.0.9', registry: agent })).toEqual({
    address: 'orders.internal',
    reason: 'it is configured',
  });
});

describe('a server that listens on one address', () => {
  it('is advertised there', () => {
    expect(choose({ bound: '10.0.0.9', registry: agent }).address).toBe('10.0.0.9');
    expect(choose({ bound: '::ffff:10.0.0.9' }).address).toBe('10.0.0.9');
  });

  it.each(['127.0.0.1', '::1', '127.0.1.1'])('is advertised on loopback (%s) towards a registry on this host', (bound) => {
    expect(choose({ bound, registry: near }).address).toBe(bound);
    expect(choose({ bound, registry: agent }).address).toBe(bound);
  });

  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('is not advertised on loopback (%s) towards a registry elsewhere, nor where it does not listen', (bound) => {
    expect(() => choose({ bound })).toThrow(AddressNotFoundError);
  });
});

describe.each(['0.0.0.0', '::', undefined])('a server on every interface, or none (%s)', (bound) => {
  it('leaves the address to a registry that fills it in', () => {
    expect(choose({ bound, registry: agent }).address).toBeUndefined();
  });

  it('is advertised on the first outside IPv4 address of a real interface', () => {
    expect(choose({ bound }).address).toBe('10.0.0.7');
  });

  it('says which addresses were passed over', () => {
    expect(choose({ bound, interfaces: { docker0: [info('172.17.0.1')], eth0: [info('10.0.0.7')] } }).reason).toBe(
      'it is the first outside address, of eth0; passed over: docker0 172.17.0.1',
    );
  });

  it.each(['docker0', 'br-12ab', 'veth1', 'tun0', 'tap0', 'wg0', 'cni0', 'virbr0'])('is not advertised on %s', (name) => {
    expect(() => choose({ bound, interfaces: { ...loopback, [name]: [info('172.17.0.1')] } })).toThrow(/172\.17\.0\.1.*SERVICE_ADDRESS/);
  });

  it('is not advertised on a link-local address', () => {
    expect(() => choose({ bound, interfaces: { eth0: [info('169.254.1.1'), info('fe80::1')] } })).toThrow(AddressNotFoundError);
  });

  it('is advertised on loopback towards a registry on this host when there is nothing else', () => {
    expect(choose({ bound, registry: near, interfaces: loopback }).address).toBe('127.0.0.1');
  });

  it('is refused when nobody could reach it', () => {
    expect(() => choose({ bound, interfaces: loopback })).toThrow(AddressNotFoundError);
    expect(() => choose({ bound, interfaces: {} })).toThrow(AddressNotFoundError);
  });
});

it('falls back to an IPv6 address, but not for a server that listens on IPv4 alone', () => {
  const interfaces = { eth0: [info('fe80::1'), info('fd00::7')] };
  expect(choose({ bound: '::', interfaces }).address).toBe('fd00::7');
  expect(() => choose({ bound: '0.0.0.0', interfaces })).toThrow(AddressNotFoundError);
});

it('puts an IPv6 host in brackets before its port', () => {
  expect([hostPort('::1', 80), hostPort('10.0.0.7', 80), hostPort('orders', 80)]).toEqual(['[::1]:80', '10.0.0.7:80', 'orders:80']);
});
