import { describe, expect, it } from 'vitest';
import { hostPort, isLinkLocal, isLoopback, unbracketed, unmapped } from '../../../src/net/ip-address.js';

describe('isLoopback', () => {
  it.each([
    '127.0.0.1',
    '127.0.1.1',
    '::1',
    '0:0:0:0:0:0:0:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    'localhost',
    'LocalHost',
    'orders.localhost',
  ])('is true of %s', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  it.each([
    '10.0.0.1',
    '128.0.0.1',
    '::',
    '::ffff:10.0.0.1',
    'fd00::1',
    'localhost.example',
    'notlocalhost',
    '127.example',
  ])('is false of %s', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});

describe('isLinkLocal', () => {
  it.each(['169.254.1.1', 'fe80::1', 'FE80::1%eth0', 'febf::1'])('is true of %s', (address) => {
    expect(isLinkLocal(address)).toBe(true);
  });

  it.each(['169.253.1.1', 'fec0::1', 'fd00::1', '10.0.0.1'])('is false of %s', (address) => {
    expect(isLinkLocal(address)).toBe(false);
  });
});

it('reads an IPv4 address in IPv6 form as what it is', () => {
  expect(['::ffff:10.0.0.7', '::FFFF:10.0.0.7', '10.0.0.7', 'fd00::7', '::'].map(unmapped)).toEqual([
    '10.0.0.7',
    '10.0.0.7',
    '10.0.0.7',
    'fd00::7',
    '::',
  ]);
});

it('puts an IPv6 host in brackets before its port', () => {
  expect([hostPort('::1', 80), hostPort('10.0.0.7', 80), hostPort('orders', 80)]).toEqual([
    '[::1]:80',
    '10.0.0.7:80',
    'orders:80',
  ]);
});

it.each([
  ['[::1]', '::1'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['::1', '::1'],
  ['10.0.0.7', '10.0.0.7'],
  ['orders.example', 'orders.example'],
  ['', ''],
])('takes the brackets off %s', (hostname, host) => {
  expect(unbracketed(hostname)).toBe(host);
});
