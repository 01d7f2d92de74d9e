import { memory } from 'rollcall';
import { describe, expect, it } from 'vitest';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { RegistryUnavailableError } from '../../../src/core/errors.js';
import { GuardedRegistry } from '../../../src/registries/guarded-registry.js';
import type { Deadlines } from '../../../src/contracts/registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';

const instance: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'n',
  ttlMs: 30_000,
  checks: [],
};
const passing = { status: 'passing', reason: 'ok' } as const;
const { signal } = new AbortController();

/** How long each verb of a registry that hangs is waited for. */
async function patienceOf(deadlines: Deadlines | undefined): Promise<Record<string, number>> {
  const clock = new FakeClock();
  const inner = Object.assign(new SimulatedRegistry(clock), deadlines && { deadlines });
  const registry = new GuardedRegistry(inner, clock);
  const registering = registry.register(instance, passing, signal);
  await clock.advance(10);
  const registration = await registering;
  inner.pause();
  const took: Record<string, number> = {};
  const verbs = {
    read: () => registry.read(instance, signal),
    register: () => registry.register(instance, passing, signal),
    remove: () => registry.remove(instance, signal),
    maintain: () => registry.maintain!(instance, 'why', signal),
    renew: () => registration.renew(passing, signal),
    deregister: () => registration.deregister(signal),
    changed: () => registration.changed!(signal),
    discover: () => registry.discovery!.poll('orders', undefined, signal),
    watch: () => registry.discovery!.poll('orders', '7', signal),
  };
  for (const [name, verb] of Object.entries(verbs)) {
    const startedAt = clock.now();
    const settled = (error: unknown) => {
      // A look at the entry is worth it after so long without news, too.
      if (name === 'changed') expect(error).toBeUndefined();
      else expect(error).toMatchObject({ code: 'ROLLCALL_TIMEOUT' });
      took[name] = clock.now() - startedAt;
    };
    verb().then(() => settled(undefined), settled);
  }
  await clock.advance(100_000);
  return took;
}

describe('a verb of a registry that hangs', () => {
  it('ends after the usual time, and a beat when its sender says so', async () => {
    const [request, held] = [5_000, 60_000];
    expect(await patienceOf(undefined)).toEqual({
      read: request,
      register: request,
      remove: request,
      maintain: request,
      renew: 20_000,
      deregister: request,
      changed: held,
      discover: request,
      watch: held,
    });
  });

  it('ends when the registry wants it to', async () => {
    const [request, held] = [700, 11_000];
    expect(await patienceOf({ requestMs: request, heldMs: held })).toEqual({
      read: request,
      register: request,
      remove: request,
      maintain: request,
      renew: 20_000,
      deregister: request,
      changed: held,
      discover: request,
      watch: held,
    });
  });
});

describe('a write that was refused', () => {
  const guarded = async (error: Error) => {
    const clock = new FakeClock();
    const inner = new SimulatedRegistry(clock);
    inner.failures.set('register', [error]);
    const registry = new GuardedRegistry(inner, clock);
    await expect(registry.register(instance, passing, signal)).rejects.toBe(error);
    return registry;
  };
  const busy = (context: object) => new RegistryUnavailableError('busy', context);

  it('leaves no doubt where the registry has answered', async () => {
    expect((await guarded(busy({ answered: true }))).inDoubt).toBe(false);
  });

  it('leaves one where it may still take effect', async () => {
    expect((await guarded(busy({}))).inDoubt).toBe(true);
    expect((await guarded(busy({ cause: new Error('socket hang up') }))).inDoubt).toBe(true);
  });
});

describe('a list that is none', () => {
  const polled = (answer: unknown) => {
    const clock = new FakeClock();
    const inner = Object.assign(new SimulatedRegistry(clock), {
      discovery: { poll: () => Promise.resolve(answer as never) },
    });
    return new GuardedRegistry(inner, clock).discovery!.poll('orders', undefined, signal);
  };

  it.each([undefined, null, 7, {}, { instances: {} }, { instances: 'x' }])('is refused: %j', async (answer) => {
    await expect(polled(answer)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
  });

  it('has no cursor that cannot be sent back', async () => {
    for (const cursor of [7, null, {}, 'x'.repeat(2_000)])
      expect(await polled({ instances: [], cursor })).toEqual({ instances: [] });
    expect(await polled({ instances: [], cursor: '7' })).toEqual({ instances: [], cursor: '7' });
  });

  it('counts for no longer than five minutes', async () => {
    for (const freshForMs of ['1', NaN, Infinity, -1, 300_001])
      expect(await polled({ instances: [], freshForMs })).toEqual({ instances: [] });
    expect(await polled({ instances: [], freshForMs: 300_000 })).toEqual({ instances: [], freshForMs: 300_000 });
  });
});

describe('a registry of two users', () => {
  const usersOf = () => {
    const inner = memory();
    let closes = 0;
    const close = inner.close.bind(inner);
    const counted = Object.assign(inner, { close: () => ((closes += 1), close()) });
    const users = [1, 2].map(() => new GuardedRegistry(counted, new FakeClock()));
    return { users: users as [GuardedRegistry, GuardedRegistry], closes: () => closes };
  };

  it('refuses the one that has closed it, receipts included, and serves the other', async () => {
    const { users, closes } = usersOf();
    const [first, second] = users;
    const registration = await first.register(instance, passing, signal);
    await first.close();
    await first.close();
    expect(closes()).toBe(0);
    const refused = {
      code: 'ROLLCALL_STOPPED',
      message: expect.stringContaining('memory is closed, so it cannot') as string,
    };
    await expect(first.read(instance, signal)).rejects.toMatchObject(refused);
    await expect(first.discovery!.poll('orders', undefined, signal)).rejects.toMatchObject(refused);
    await expect(registration.renew(passing, signal)).rejects.toMatchObject(refused);
    expect((await second.read(instance, signal))?.instance.id).toBe('orders-1');
  });

  it('is closed with the last of them', async () => {
    const { users, closes } = usersOf();
    await users[1].close();
    expect(closes()).toBe(0);
    await users[0].close();
    expect(closes()).toBe(1);
  });
});

describe('what readers see of one instance', () => {
  const seen = { name: 'orders', id: 'orders-1', tags: [], meta: {}, nonce: 'n', status: 'critical' } as const;

  it.each<[what: string, found: typeof seen | undefined, nonce: string, visible: boolean]>([
    ['it', seen, 'n', true],
    ['nothing', undefined, 'n', false],
    ['another incarnation', seen, 'm', false],
  ])('goes by `find` where the registry has it: %s', async (_, found, nonce, visible) => {
    const clock = new FakeClock();
    const inner = new SimulatedRegistry(clock);
    Object.assign(inner.discovery, { find: () => Promise.resolve(found) });
    const registry = new GuardedRegistry(inner, clock);
    expect(await registry.isVisible({ name: 'orders', id: 'orders-1', nonce }, signal)).toBe(visible);
    expect(await registry.isInTraffic({ name: 'orders', id: 'orders-1', nonce }, signal)).toBe(false);
    expect(inner.requests).toEqual([]);
  });
});

it('passes what a client knows of an entry on to the next one', () => {
  const clock = new FakeClock();
  const known = new Map<string, unknown>([['n', { lease: '7' }]]);
  const receipts = {
    of: (nonce: string) => known.get(nonce),
    accept: (nonce: string, receipt: unknown) => void known.set(`${nonce} elsewhere`, receipt),
  };
  const registry = new GuardedRegistry(Object.assign(new SimulatedRegistry(clock), { receipts }), clock);
  registry.inherit(instance, 'simulated', registry.legacyOf(instance));
  expect(known.get('n elsewhere')).toEqual({ lease: '7' });
});

describe('getting ready to register', () => {
  it('has longer than a request, and no failure of it matters', async () => {
    const clock = new FakeClock();
    let signalOfIt: AbortSignal | undefined;
    const prepare = (_instance: ServiceInstance, until: AbortSignal) => {
      signalOfIt = until;
      return new Promise<void>((_resolve, reject) => {
        until.addEventListener('abort', () => reject(until.reason as Error));
      });
    };
    const registry = new GuardedRegistry(Object.assign(new SimulatedRegistry(clock), { prepare }), clock);
    const preparing = registry.prepare(instance, signal);
    await clock.advance(19_999);
    expect(signalOfIt?.aborted).toBe(false);
    await clock.advance(1);
    await preparing;
    expect(signalOfIt?.aborted).toBe(true);
  });

  it('is nothing where the registry does not need it', async () => {
    const clock = new FakeClock();
    const inner = new SimulatedRegistry(clock);
    await new GuardedRegistry(inner, clock).prepare(instance, signal);
    expect(inner.requests).toEqual([]);
  });
});
