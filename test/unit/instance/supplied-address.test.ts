import { describe, expect, it } from 'vitest';
import type { CheckPlan } from '../../../src/config/config.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { AddressNotFoundError } from '../../../src/core/errors.js';
import { dependsOnSupplied, readdress } from '../../../src/instance/supplied-address.js';
import { isSameSlot } from '../../../src/instance/slot.js';

const pace = { intervalMs: 1_000, timeoutMs: 1_000 };
const checks: CheckPlan[] = [
  { kind: 'http', target: '/up', ...pace },
  { kind: 'http', target: 'http://elsewhere/up', ...pace },
  { kind: 'tcp', ...pace },
];
const targets = (host: string, port = 3000) => [
  { kind: 'http', url: `http://${host}:${String(port)}/up`, ...pace },
  { kind: 'http', url: 'http://elsewhere/up', ...pace },
  { kind: 'tcp', target: `${host}:${String(port)}`, ...pace },
];
const instanceOf = (port = 3000) =>
  ({ name: 'orders', id: 'orders-1', port, checks: targets('127.0.0.1') }) as unknown as ServiceInstance;
const planFor = (address: string, spare: readonly string[] = ['fd00::2', '10.0.0.7', '127.0.0.1']) => ({
  server: { address, port: 3000, protocol: 'http' as const },
  checks,
  spare,
  candidates: [
    { address: undefined, source: 'registry', chosen: true, reason: 'the registry fills in the address' },
    { address: 'fd00::2', source: 'interface', chosen: false, reason: 'not needed' },
    { address: '10.0.0.7', source: 'interface', chosen: false, reason: 'not needed' },
  ] as const,
});

describe('the address that a registry fills in', () => {
  it.each([
    ['10.0.0.5', '0.0.0.0', '10.0.0.5'],
    ['::ffff:10.0.0.5', '0.0.0.0', '[::ffff:10.0.0.5]'],
    ['fd00::5', '::', '[fd00::5]'],
    ['10.0.0.5', '::', '10.0.0.5'],
  ])('stays when %s reaches a server on %s, and probes go there', (supplied, bound, host) => {
    const given = instanceOf();
    expect(readdress(given, supplied, planFor(bound))).toEqual({ instance: { ...given, checks: targets(host) } });
  });

  it('changes nothing where probes go there already', () => {
    const given = instanceOf();
    expect(readdress(given, '127.0.0.1', planFor('0.0.0.0')).instance).toBe(given);
  });

  it('is replaced by one of the family that the server listens on, for readers and probes, and that is told', () => {
    const given = instanceOf();
    const { instance, candidates, warning } = readdress(given, 'fd00::5', planFor('0.0.0.0'));
    expect(instance).toEqual({ ...given, address: '10.0.0.7', checks: targets('10.0.0.7') });
    expect(candidates).toMatchObject([
      { address: 'fd00::5', chosen: false, reason: 'the server listens only on IPv4 (0.0.0.0)' },
      { address: 'fd00::2', chosen: false },
      { address: '10.0.0.7', chosen: true },
    ]);
    expect(warning).toMatch(/fd00::5.*advertising 10\.0\.0\.7 instead.*SERVICE_ADDRESS/);
  });

  it('is replaced the other way round for a server that takes IPv6 alone', () => {
    const given = instanceOf();
    const plan = planFor('::');
    const { instance, warning } = readdress(given, '10.0.0.5', {
      ...plan,
      server: { ...plan.server, isIpv6Only: true },
    });
    expect(instance).toEqual({ ...given, address: 'fd00::2', checks: targets('[fd00::2]') });
    expect(warning).toMatch(/10\.0\.0\.5.*only on IPv6 \(::\).*advertising fd00::2 instead/);
  });

  it('is refused with the reason where this host has none of that family', () => {
    const refused = () => readdress(instanceOf(), 'fd00::5', planFor('0.0.0.0', ['fd00::2']));
    expect(refused).toThrow(AddressNotFoundError);
    expect(refused).toThrow(/fd00::5.*0\.0\.0\.0.*listen on ::/);
  });

  it('leaves probes on loopback where the port is mapped, and warns that readers get another', () => {
    const given = instanceOf(80);
    const { instance, warning } = readdress(given, '10.0.0.5', planFor('0.0.0.0'));
    expect(instance).toBe(given);
    expect(warning).toMatch(/127\.0\.0\.1, port 3000, while readers get 10\.0\.0\.5, port 80/);
  });

  it('matters for a server of one family and for probes of the server, and for nothing else', () => {
    const server = planFor('::').server;
    expect(dependsOnSupplied({ server, checks: [] })).toBe(false);
    expect(dependsOnSupplied({ server, checks: checks.slice(1, 2) })).toBe(false);
    expect(dependsOnSupplied({ server, checks })).toBe(true);
    expect(dependsOnSupplied({ server: planFor('0.0.0.0').server, checks: [] })).toBe(true);
    expect(dependsOnSupplied({ server: undefined, checks: [] })).toBe(false);
  });
});

describe('an earlier incarnation', () => {
  const entryAt = (address?: string) =>
    ({ name: 'orders', id: 'orders-1', port: 3000, tags: [], meta: {}, ...(address && { address }) }) as never;

  it('is known by an address of this host, where the registry fills in the address now', () => {
    expect(isSameSlot(entryAt('127.0.0.1'), instanceOf())).toBe(true);
    expect(isSameSlot(entryAt(), instanceOf())).toBe(true);
    expect(isSameSlot(entryAt('203.0.113.7'), instanceOf())).toBe(false);
    expect(isSameSlot(entryAt('127.0.0.1'), instanceOf(3001))).toBe(false);
    expect(isSameSlot(entryAt('127.0.0.1'), { ...instanceOf(), address: '10.0.0.7' })).toBe(false);
  });
});
