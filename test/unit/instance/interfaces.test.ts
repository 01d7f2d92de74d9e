import { describe, expect, it } from 'vitest';
import { addressesOf, faultOf, routeFaultOf } from '../../../src/instance/interfaces.js';
import { listInterfaces } from '../../support/fake-system.js';

const on = (name: string, address = '10.0.0.1') => ({ name, address });

it('prefers IPv4, keeps the order of the interfaces, and has loopback last', () => {
  const interfaces = listInterfaces({
    lo: ['127.0.0.1', '::1'],
    eth0: ['2001:db8::1', '10.0.0.1'],
    eth1: ['10.0.0.2'],
  });
  expect(addressesOf(interfaces).map(({ address }) => address)).toEqual([
    '10.0.0.1',
    '10.0.0.2',
    '2001:db8::1',
    '127.0.0.1',
    '::1',
  ]);
  expect(addressesOf({ eth0: undefined })).toEqual([]);
});

describe('nobody is sent by accident', () => {
  it.each([
    'docker0',
    'docker_gwbridge',
    'br-1f2e3d4c5b6a',
    'veth12ab34',
    'virbr0',
    'cni0',
    'cali12ab',
    'flannel.1',
    'cbr0',
    'lxdbr0',
    'podman0',
    'vboxnet0',
    'vEthernet (WSL)',
    'kube-ipvs0',
  ])('to the bridge %s, not even by a route', (name) => {
    expect(faultOf(on(name))).toContain(`${name} connects only containers`);
    expect(routeFaultOf(on(name))).toContain(`${name} connects only containers`);
  });

  it.each(['tun0', 'tap0', 'wg0', 'utun3', 'tailscale0', 'Tailscale', 'ppp0', 'zt5u4', 'ipsec0', 'tunl0', 'awdl0'])(
    'to the tunnel %s, unless a route leads through it',
    (name) => {
      expect(faultOf(on(name))).toBe(`${name} is a tunnel`);
      expect(routeFaultOf(on(name))).toBeUndefined();
    },
  );

  it.each(['169.254.7.7', 'fe80::7'])('to the link-local address %s', (address) => {
    expect(faultOf(on('eth0', address))).toBe('it is link-local');
    expect(routeFaultOf(on('tun0', address))).toBe('it is link-local');
  });
});

it.each([
  'eth0',
  'ens3',
  'enp0s31f6',
  'eno1',
  'en0',
  'wlan0',
  'wlp2s0',
  'bond0',
  'br0',
  'vmbr0',
  'eth0.100',
  'Ethernet',
  'Wi-Fi',
])('others may be sent to %s', (name) => {
  expect(faultOf(on(name))).toBeUndefined();
});
