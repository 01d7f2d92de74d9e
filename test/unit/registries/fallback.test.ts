import { describe, expect, it } from 'vitest';
import { ConfigError, RegistryDeniedError, RegistryRejectedError, hasCode } from '../../../src/core/errors.js';
import { fallback } from '../../../src/registries/fallback.js';
import type { Registry } from '../../../src/contracts/registry.js';
import type { EventName } from '../../../src/contracts/events.js';
import { FakeClock } from '../../support/fake-clock.js';
import { simulatedRegistrar } from '../../support/simulated-life.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';
import { fallbackOn } from '../../../src/registries/fallback.js';

function named(name: string, clock: FakeClock, more: Partial<Registry> = {}): SimulatedRegistry {
  return Object.assign(new SimulatedRegistry(clock), { name, ...more });
}

function lifeOn(makeMembers: (clock: FakeClock) => SimulatedRegistry[], patience = '3s', ttl = '9s') {
  const clock = new FakeClock();
  const members = makeMembers(clock);
  const registry = fallbackOn(clock, members, { patience });
  const options = { id: 'orders-1', ttl, heartbeat: { interval: '3s' }, registry };
  const registrar = simulatedRegistrar(clock, options);
  const told: { name: EventName; at: number; payload: unknown }[] = [];
  for (const name of ['registered', 'lost', 'recovered', 'fellBack', 'failedBack', 'member', 'deregistered'] as const)
    registrar.on(name, (payload) => told.push({ name, payload, at: clock.now() }));
  const names = () => told.filter(({ name }) => name !== 'member').map(({ name }) => name);
  return { clock, members, registry, registrar, told, names };
}

const two = (clock: FakeClock) => [named('upper', clock), named('lower', clock)];

describe('a fallback chain', () => {
  it('registers with the first one and leaves the other alone', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    expect(registrar.state).toBe('registered');
    expect(registrar.status()).toMatchObject({ holder: 'upper', level: 0 });
    expect(upper?.passing).toEqual(['orders-1']);
    expect(lower?.requests.filter(({ verb }) => verb !== 'poll')).toEqual([]);
  });

  it('moves down when the outage outlasts the patience, and not before', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
      told,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    upper!.down = true;
    const downAt = clock.now();
    await clock.advance(2_900);
    expect(lower?.passing).toEqual([]);
    await clock.advance(4_000);
    expect(lower?.passing).toEqual(['orders-1']);
    expect(registrar.state).toBe('registered');
    const fell = told.find(({ name }) => name === 'fellBack');
    expect(fell?.payload).toMatchObject({ level: 1 });
    expect(fell!.at - downAt).toBeLessThan(3_000 + 3_000 + 1_000);
    expect(registrar.status().members.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'upper out',
      'lower good',
    ]);
  });

  it.each(['well', 'silent'] as const)(
    'names a registry that took a registration and no heartbeat (%s)',
    async (how) => {
      const {
        clock,
        members: [upper, lower],
        registrar,
        told,
      } = lifeOn(two);
      const register = upper!.register.bind(upper);
      upper!.register = (...request) => {
        if (how === 'silent') upper!.pause();
        return register(...request);
      };
      void registrar.start();
      await clock.advance(20_000);
      expect(lower?.passing).toEqual(how === 'silent' ? ['orders-1'] : []);
      const stopped = registrar.stop();
      await clock.advance(20_000);
      await stopped;
      expect(told.find(({ name }) => name === 'deregistered')?.payload).toMatchObject({
        confirmed: true,
        unreached: how === 'silent' ? ['upper'] : [],
      });
      expect([...upper!.passing, ...lower!.passing]).toEqual([]);
      upper!.resume();
      await clock.advance(20_000);
      expect(upper?.passing).toEqual([]);
    },
  );

  it('rides out a shorter outage without a move', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
      names,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    upper!.down = true;
    await clock.advance(2_500);
    upper!.down = false;
    await clock.advance(9_000);
    expect(names()).toEqual(['registered']);
    expect(lower?.requests.filter(({ verb }) => verb !== 'poll')).toEqual([]);
    expect(registrar.status().members.map(({ state }) => state)).toEqual(['good', 'good']);
  });

  it('returns without a moment unlisted, and then clears the lower entry', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
      names,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    upper!.forget();
    upper!.down = true;
    await clock.advance(10_000);
    expect(lower?.passing).toEqual(['orders-1']);
    const unlisted: number[] = [];
    const look = () => {
      if (upper!.passing.length + lower!.passing.length === 0) unlisted.push(clock.now());
    };
    upper!.onChange = look;
    lower!.onChange = look;
    upper!.down = false;
    await clock.advance(20_000);
    expect(upper?.passing).toEqual(['orders-1']);
    expect(lower?.entries.size).toBe(0);
    expect(unlisted).toEqual([]);
    expect(names()).toEqual(['registered', 'lost', 'fellBack', 'recovered', 'failedBack']);
  });

  it('keeps an operator’s maintenance on its way back', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    upper!.forget();
    upper!.down = true;
    await clock.advance(10_000);
    lower!.entries.get('orders-1')!.maintenance = 'new disks';
    upper!.down = false;
    await clock.advance(20_000);
    expect(upper?.entries.get('orders-1')?.maintenance).toBe('new disks');
    expect(upper?.passing).toEqual([]);
    expect(registrar.status().level).toBe(0);
  });

  it('does not move for what a registry refuses', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
    } = lifeOn(two);
    upper!.failures.set('register', [new RegistryRejectedError('bad tag')]);
    const started = registrar.start().catch((error: unknown) => error);
    await clock.advance(20_000);
    expect(hasCode(await started, 'ROLLCALL_REGISTRY_REJECTED')).toBe(true);
    expect(lower?.requests).toEqual([]);
  });

  it('comes back to the first one while the next refuses it', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    const refusals = Array.from({ length: 1_000 }, () => new RegistryDeniedError('no such token'));
    for (const verb of ['read', 'register'] as const) lower!.failures.set(verb, refusals);
    upper!.forget();
    upper!.down = true;
    await clock.advance(20_000);
    expect(registrar.state).toBe('recovering');
    expect(registrar.status().members.map(({ state }) => state)).toEqual(['out', 'good']);
    upper!.down = false;
    await clock.advance(40_000);
    expect(registrar.state).toBe('registered');
    expect(upper?.passing).toEqual(['orders-1']);
    expect(registrar.status()).toMatchObject({ holder: 'upper', level: 0 });
  });

  it('never counts as listed where only this host sees it', async () => {
    const {
      clock,
      members: [upper, local],
      registrar,
      names,
    } = lifeOn((now) => [
      named('upper', now),
      named('local', now, { traits: { isLocal: true, suppliesAddress: false, hostLocal: true } }),
    ]);
    upper!.down = true;
    void registrar.start();
    await clock.advance(20_000);
    expect(registrar.state).toBe('recovering');
    expect(local?.passing).toEqual(['orders-1']);
    expect(registrar.status().level).toBe(1);
    upper!.down = false;
    await clock.advance(40_000);
    expect(registrar.state).toBe('registered');
    expect(local?.entries.size).toBe(0);
    expect(names()).toEqual(['fellBack', 'failedBack', 'registered']);
  });

  it('deregisters wherever an entry may be, also where it was long ago', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
    } = lifeOn(two);
    void registrar.start();
    await clock.advance(5_000);
    upper!.pause();
    await clock.advance(12_000);
    expect(lower?.passing).toEqual(['orders-1']);
    upper!.resume();
    void registrar.stop();
    await clock.advance(30_000);
    expect(registrar.state).toBe('stopped');
    expect([upper?.entries.size, lower?.entries.size]).toEqual([0, 0]);
  });

  it('clears a lower entry at once on its way back, whatever another one that is dead may still hold', async () => {
    const {
      clock,
      members: [upper, middle, lower],
      registrar,
    } = lifeOn((on) => [named('upper', on), named('middle', on), named('lower', on)], '1s', '60s');
    void registrar.start();
    await clock.advance(5_000);
    upper!.down = true;
    await clock.advance(7_000);
    middle!.down = true;
    await clock.advance(7_000);
    expect(registrar.status().holder).toBe('lower');
    middle!.down = false;
    await clock.advance(7_000);
    expect(registrar.status().holder).toBe('middle');
    expect(lower?.passing).toEqual([]);
  });

  it('finds the next one while all are out, and goes on asking for ever', async () => {
    const { clock, members, registrar } = lifeOn(two);
    for (const member of members) member.down = true;
    void registrar.start();
    await clock.advance(120_000);
    expect(registrar.state).toBe('recovering');
    members[1]!.down = false;
    await clock.advance(10_000);
    expect(members[1]?.passing).toEqual(['orders-1']);
    expect(registrar.state).toBe('registered');
  });

  it('answers its readers from the next one while the first is out', async () => {
    const {
      clock,
      members: [upper, lower],
      registry,
      registrar,
    } = lifeOn(two, '0s');
    upper!.down = true;
    void registrar.start();
    await clock.advance(5_000);
    const polled = registry.discovery!.poll('orders', undefined, new AbortController().signal);
    await clock.advance(2_000);
    expect((await polled).instances.map(({ id }) => id)).toEqual(['orders-1']);
    expect(lower?.passing).toEqual(['orders-1']);
  });

  it('gives its readers what each of the others has as well, every instance once', async () => {
    const {
      clock,
      members: [upper, lower],
      registry,
    } = lifeOn(two);
    const none = new AbortController().signal;
    const sample = (id: string) => ({
      name: 'orders',
      id,
      address: '10.0.0.1',
      port: 3000,
      tags: [],
      meta: {},
      nonce: id,
      ttlMs: 9_000,
      checks: [],
    });
    const put = async (member: SimulatedRegistry | undefined, id: string, status: 'passing' | 'critical') => {
      const put = (async () =>
        (await member!.register(sample(id), { status, reason: '' }, none)).renew({ status, reason: '' }, none))();
      await clock.advance(10);
      await put;
    };
    const seen = async (ms: number) => {
      const polled = registry.discovery!.poll('orders', undefined, none);
      await clock.advance(ms);
      const { instances, cursor } = await polled;
      expect(cursor).toBeUndefined();
      return instances.map(({ id, status }) => `${id} ${status}`).sort();
    };
    await put(upper, 'both', 'critical');
    await put(lower, 'both', 'passing');
    await put(lower, 'agent-is-down', 'passing');
    expect(await seen(100)).toEqual(['agent-is-down passing', 'both passing']);
    lower!.pause();
    expect(await seen(250)).toEqual(['both critical']);
  });

  it('has its readers look for an instance that has gone where it may have gone to, whenever that was to be tried again', async () => {
    const {
      clock,
      members: [upper, lower],
      registrar,
    } = lifeOn(two, '0s');
    const none = new AbortController().signal;
    upper!.down = true;
    void registrar.start();
    await clock.advance(5_000);
    const reader = fallbackOn(clock, [upper!, lower!], { patience: '0s' });
    const seen = async () => {
      const polled = reader.discovery!.poll('orders', undefined, none);
      await clock.advance(10);
      return (await polled).instances.map(({ id }) => id);
    };
    const missedAt: number[] = [];
    const follow = async (ms: number) => {
      for (const until = clock.now() + ms; clock.now() < until; await clock.advance(250))
        if ((await seen()).length === 0) missedAt.push(clock.now());
    };
    // Long enough for the pauses between trials to have grown.
    await follow(40_000);
    expect(lower?.passing).toEqual(['orders-1']);
    upper!.down = false;
    await follow(70_000);
    expect([upper?.passing, lower?.entries.size]).toEqual([['orders-1'], 0]);
    expect(missedAt).toEqual([]);
  });

  it('refuses fewer than two registries and a bad patience, both at once', () => {
    const clock = new FakeClock();
    const one = named('one', clock);
    expect(() => fallback([one, one], { patience: 'soon' })).toThrow(ConfigError);
    expect(() => fallback([one, one], { patience: 'soon' })).toThrow(/fallback registries[^]*fallback patience/);
    expect(() => fallback([one])).toThrow(/at least two registries in different places/);
  });
});
