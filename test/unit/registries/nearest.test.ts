import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/registries/nearest.js';
import type { Registry } from '../../../src/contracts/registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { asComposed } from '../../../src/contracts/composed-registry.js';
import { nearestOn } from '../../../src/registries/nearest.js';

const none = new AbortController().signal;
const instance: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  address: '10.0.0.1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'n',
  ttlMs: 30_000,
  checks: [],
};

function datacenters(register = false) {
  const clock = new FakeClock();
  const distance = { home: 40, away: 8 };
  const home = Object.assign(new SimulatedRegistry(clock, () => distance.home), { name: 'home' });
  const away = Object.assign(new SimulatedRegistry(clock, () => distance.away), { name: 'away' });
  const registry = nearestOn(clock, [home, away], { register });
  const done = async <T>(work: Promise<T>): Promise<T> => {
    // A rejection waits for whoever awaits it.
    work.catch(() => undefined);
    await clock.advance(200);
    return work;
  };
  const poll = () => done(registry.discovery!.poll('orders', undefined, none));
  for (const there of [home, away])
    there.entries.set(there.name, {
      instance: { ...instance, id: there.name },
      status: 'critical',
      beatAt: 0,
      maintenance: undefined,
    });
  return { clock, distance, home, away, registry, poll, done };
}

/** Reads until both have been measured lately. */
async function measure({ clock, poll }: ReturnType<typeof datacenters>): Promise<void> {
  for (let i = 0; i < 8; i += 1) {
    await poll();
    await clock.advance(6_000);
  }
}

/** Each holds an instance named after itself. */
async function readsFrom({ poll }: ReturnType<typeof datacenters>): Promise<string | undefined> {
  return (await poll()).instances.find(({ id }) => id === 'home' || id === 'away')?.id;
}

describe('the nearest of several registries', () => {
  it('is read, once each has been measured', async () => {
    const setup = datacenters();
    await measure(setup);
    expect(await readsFrom(setup)).toBe('away');
    expect(
      asComposed(setup.registry)?.members?.map(({ name, roundTripMs }) => [name, Math.round(roundTripMs ?? -1)]),
    ).toEqual([
      ['home', 80],
      ['away', 16],
    ]);
  });

  it('keeps its place while another is only a little nearer', async () => {
    const setup = datacenters();
    await measure(setup);
    setup.distance.home = 7;
    await measure(setup);
    await measure(setup);
    expect(await readsFrom(setup)).toBe('away');
    setup.distance.away = 60;
    await measure(setup);
    await measure(setup);
    expect(await readsFrom(setup)).toBe('home');
  });

  it('gives way to the next one when it no longer answers', async () => {
    const setup = datacenters();
    await measure(setup);
    setup.away.down = true;
    for (let i = 0; i < 3; i += 1) await setup.poll().catch(() => undefined);
    expect(await readsFrom(setup)).toBe('home');
  });

  it('registers with the first that was given, and with the nearest where asked to', async () => {
    for (const [register, expected] of [
      [false, 'home'],
      [true, 'away'],
    ] as const) {
      const setup = datacenters(register);
      await measure(setup);
      const registration = await setup.done(
        setup.registry.register(instance, { status: 'passing', reason: 'ok' }, none),
      );
      await setup.done(registration.renew({ status: 'passing', reason: 'ok' }, none));
      expect(registration.holder()).toBe(expected);
      expect((expected === 'home' ? setup.home : setup.away).passing).toEqual(['orders-1']);
    }
  });

  it('tells apart members that have one name', () => {
    const clock = new FakeClock();
    const members = [1, 2].map((port) =>
      Object.assign(new SimulatedRegistry(clock), { endpoint: { host: '10.0.0.1', port } }),
    );
    expect(asComposed(nearestOn(clock, members))?.members?.map(({ name }) => name)).toEqual([
      'simulated at 10.0.0.1:1',
      'simulated at 10.0.0.1:2',
    ]);
  });

  it('refuses two that are one place', () => {
    const unused = () => Promise.reject(new Error('unused'));
    const one: Registry = {
      name: 'a',
      traits: { isLocal: true, suppliesAddress: false },
      read: unused,
      register: unused,
      remove: unused,
      close: unused,
      endpoint: { host: 'h', port: 1 },
    };
    expect(() => nearest([one, { ...one }])).toThrow(/different places/);
    expect(() => nearest([one], { register: 'yes' as never })).toThrow(/true or false/);
  });
});
