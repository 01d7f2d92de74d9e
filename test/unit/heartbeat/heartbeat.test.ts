import { describe, expect, it } from 'vitest';
import { RegistryDeniedError, RegistryRejectedError, RegistryUnavailableError } from '../../../src/core/errors.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

const verbs = (requests: readonly { verb: string }[]) => requests.map(({ verb }) => verb);

describe('getting listed', () => {
  it('looks, registers critical, then passes by the first beat', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    const statuses: string[] = [];
    registry.onChange = () =>
      statuses.push(registry.entries.get('orders')?.status ?? [...registry.entries.values()][0]?.status ?? 'none');
    void registrar.start();
    await clock.advance(20);
    expect(verbs(registry.requests).slice(0, 3)).toEqual(['read', 'register', 'renew']);
    expect(statuses).toEqual(['critical', 'passing']);
    expect(told('registered')).toHaveLength(1);
    expect(registrar.state).toBe('registered');
  });

  it('enters the same way back as a runtime loss when the registry is down at start, and never gives up', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    registry.down = true;
    void registrar.start();
    await clock.advance(3_600_000);
    expect(registrar.state).toBe('recovering');
    expect(told('registered')).toEqual([]);
    registry.down = false;
    await clock.advance(300);
    expect(registrar.state).toBe('registered');
    expect(told('registered')).toHaveLength(1);
    expect(told('lost')).toEqual([]);
  });

  it('fails for good when the registry rejects what was never accepted', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    registry.failures.set('register', [new RegistryRejectedError('400: unknown field')]);
    const started = registrar.start();
    await clock.advance(50);
    await expect(started).rejects.toThrow('unknown field');
    expect(registrar.state).toBe('failed');
    expect(told('failed')[0]?.error.code).toBe('ROLLCALL_REGISTRY_REJECTED');
  });

  it('keeps trying when the registry denies it: a token may be granted', async () => {
    const { clock, registry, registrar } = simulatedLife();
    registry.failures.set('register', [new RegistryDeniedError('403'), new RegistryDeniedError('403')]);
    void registrar.start();
    await clock.advance(50);
    expect(registrar.state).toBe('recovering');
    await clock.advance(10_000);
    expect(registrar.state).toBe('registered');
  });
});

describe('asked to come again later', () => {
  const busy = (retryAfterMs: number) => new RegistryUnavailableError('429', { retryAfterMs });

  it('waits so long before it registers', async () => {
    const { clock, registry, registrar } = simulatedLife();
    registry.failures.set('register', [busy(20_000)]);
    void registrar.start();
    await clock.advance(20_000);
    expect(verbs(registry.requests).filter((verb) => verb === 'register')).toHaveLength(1);
    await clock.advance(500);
    expect(registrar.state).toBe('registered');
  });

  it('never waits out the TTL', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(100);
    registry.failures.set('renew', [busy(3_600_000), busy(3_600_000), busy(3_600_000)]);
    await clock.advance(9_000);
    expect(told('beatMissed')).toHaveLength(3);
    expect(told('lost')).toEqual([]);
    expect(registrar.state).toBe('registered');
  });
});

describe('beating', () => {
  it('beats every interval and tells the margin to the TTL', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(90_000);
    const beats = told('beat');
    expect(beats.length).toBeGreaterThanOrEqual(29);
    expect(beats.length).toBeLessThanOrEqual(32);
    expect(beats.every(({ marginMs }) => marginMs > 9_000 / 2)).toBe(true);
    expect(registry.passing).toEqual([registrar.instance?.id]);
  });

  it('retries early after a miss, so that one lost beat does not cost the TTL', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(100);
    registry.down = true;
    await clock.advance(4_000);
    registry.down = false;
    await clock.advance(300);
    expect(told('beatMissed').length).toBeGreaterThan(1);
    expect(told('beatMissed')[0]).toMatchObject({ inRow: 1, outageMs: 0 });
    expect(told('lost')).toEqual([]);
    expect(registrar.state).toBe('registered');
    expect(registrar.status().missedInRow).toBe(0);
  });

  it('has one request in flight at a time while the registry hangs, and passes as soon as it goes on', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(100);
    registry.pause();
    const before = registry.onTheWire;
    await clock.advance(27_000);
    expect(told('lost')).toEqual([expect.objectContaining({ cause: 'expired' })]);
    expect(registrar.state).toBe('recovering');
    registry.resume();
    await clock.advance(500);
    expect(registry.passing).toEqual([registrar.instance?.id]);
    expect(told('recovered')).toEqual([expect.objectContaining({ cause: 'expired' })]);
    expect(registry.onTheWire).toBe(before);
  });
});

describe('recovering', () => {
  it('is back at once after an outside deregister, because the entry is watched', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    registry.forget();
    await clock.advance(20);
    expect(registry.passing).toEqual([registrar.instance?.id]);
    expect(told('lost')).toEqual([expect.objectContaining({ cause: 'missing' })]);
    expect(told('recovered')).toHaveLength(1);
  });

  it('registers only when missing: a look that finds the entry writes nothing', async () => {
    const { clock, registry, registrar } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    registry.onChange = () => undefined;
    const entry = registry.entries.get(registrar.instance?.id ?? '');
    registry.forget();
    registry.entries.set(registrar.instance?.id ?? '', entry as NonNullable<typeof entry>);
    await clock.advance(1_000);
    expect(verbs(registry.requests).filter((verb) => verb === 'register')).toHaveLength(1);
    expect(registrar.state).toBe('registered');
  });

  it('restores an operator’s maintenance before any pass', async () => {
    const { clock, registry, registrar } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    const id = registrar.instance?.id ?? '';
    const entry = registry.entries.get(id);
    if (entry) entry.maintenance = 'kernel upgrade';
    registry.forget();
    registry.entries.set(id, entry as NonNullable<typeof entry>);
    await clock.advance(1_000);
    const passingSeen: string[][] = [];
    registry.onChange = () => passingSeen.push(registry.passing);
    registry.forget();
    await clock.advance(1_000);
    expect(registry.entries.get(id)?.maintenance).toBe('kernel upgrade');
    expect(passingSeen.flat()).toEqual([]);
    expect(registrar.state).toBe('registered');
  });

  it.each([
    ['passing', true],
    ['critical', false],
  ] as const)(
    'writes a probe that the registry last saw %s so that it starts passing: %s',
    async (probeStatus, startsPassing) => {
      const { clock, registry, registrar } = simulatedLife({ checks: { tcp: true } });
      registry.probeStatus = probeStatus;
      void registrar.start();
      await clock.advance(10_000);
      expect(registry.entries.get(registrar.instance?.id ?? '')?.instance.checks[0]?.seenPassing).toBeUndefined();
      registry.forget();
      await clock.advance(100);
      expect(registry.entries.get(registrar.instance?.id ?? '')?.instance.checks[0]?.seenPassing).toBe(
        startsPassing ? true : undefined,
      );
    },
  );

  it('fails instead when recover is false and the entry has gone missing', async () => {
    const { clock, registry, registrar, told } = simulatedLife({ recover: false });
    void registrar.start();
    await clock.advance(1_000);
    registry.forget();
    await clock.advance(20_000);
    expect(registry.entries.size).toBe(0);
    expect(registrar.state).toBe('failed');
    expect(told('failed')[0]?.error.code).toBe('ROLLCALL_REGISTRATION_LOST');
  });
});

describe('what is not the beat', () => {
  it('never withholds it: looks that fail leave the entry passing', async () => {
    const { clock, registry, registrar, told } = simulatedLife({ checks: { tcp: true } });
    registry.probeStatus = 'critical';
    void registrar.start();
    await clock.advance(1_000);
    registry.failures.set(
      'read',
      Array.from({ length: 1_000 }, () => new RegistryDeniedError('403: no service:read')),
    );
    await clock.advance(60_000);
    expect(told('lost')).toEqual([]);
    expect(told('beat').length).toBeGreaterThan(18);
    expect(registry.passing).toEqual([registrar.instance?.id]);
  });
});

describe('update', () => {
  it('does not put back a maintenance that was lifted since it was last seen', async () => {
    const { clock, registry, registrar } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    const entry = registry.entries.get(registrar.instance?.id ?? '');
    if (entry) entry.maintenance = 'kernel upgrade';
    await clock.advance(35_000);
    if (entry) entry.maintenance = undefined;
    const updated = registrar.update({ tags: ['v2'] });
    await clock.advance(100);
    await updated;
    expect(registry.passing).toEqual([registrar.instance?.id]);
  });

  it('that the registry refuses does not keep a lost entry from coming back', async () => {
    const { clock, registry, registrar } = simulatedLife({ tags: ['v1'] });
    void registrar.start();
    await clock.advance(1_000);
    registry.down = true;
    registry.forget();
    const refused = expect(registrar.update({ tags: ['bad'] })).rejects.toThrow('bad tag');
    await clock.advance(1_000);
    registry.failures.set('register', [new RegistryRejectedError('400: bad tag')]);
    registry.down = false;
    await clock.advance(7_000);
    await refused;
    expect(registrar.state).toBe('registered');
    expect(registry.entries.get(registrar.instance?.id ?? '')?.instance.tags).toEqual(['v1']);
  });

  it('after a failure for good is rejected and does not hang', async () => {
    const { clock, registry, registrar } = simulatedLife({ recover: false });
    void registrar.start();
    await clock.advance(1_000);
    registry.forget();
    await clock.advance(1_000);
    await expect(registrar.update({ tags: ['v2'] })).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
  });

  it('reaches the registry without a critical moment', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    const passingSeen: number[] = [];
    registry.onChange = () => passingSeen.push(registry.passing.length);
    const updated = registrar.update({ tags: ['v2'] });
    await clock.advance(20);
    await updated;
    expect(registry.entries.get(registrar.instance?.id ?? '')?.instance.tags).toEqual(['v2']);
    expect(passingSeen.every((count) => count === 1)).toBe(true);
    expect(told('updated')).toHaveLength(1);
  });

  it('rejects when the registry refuses it, and the old values stay', async () => {
    const { clock, registry, registrar } = simulatedLife({ tags: ['v1'] });
    void registrar.start();
    await clock.advance(1_000);
    registry.failures.set('register', [new RegistryRejectedError('400: bad tag')]);
    const updated = expect(registrar.update({ tags: ['v2'] })).rejects.toThrow('bad tag');
    await clock.advance(20);
    await updated;
    expect(registrar.instance?.tags).toEqual(['v1']);
    expect(registrar.state).toBe('registered');
  });

  it('resolves at once while nothing is registered, and is part of the first registration', async () => {
    let open = false;
    const { clock, registry, registrar } = simulatedLife({ ready: () => open });
    void registrar.start();
    await clock.advance(100);
    await registrar.update({ meta: { version: '2' } });
    open = true;
    await clock.advance(500);
    expect(registry.entries.get(registrar.instance?.id ?? '')?.instance.meta).toEqual({ version: '2' });
  });
});

describe('an id that another instance holds', () => {
  const rival = (overrides: Partial<ServiceInstance> = {}): ServiceInstance => ({
    name: 'orders',
    id: 'orders-1',
    address: '10.0.0.9',
    port: 3000,
    tags: [],
    meta: {},
    nonce: 'rival',
    ttlMs: 9_000,
    checks: [],
    ...overrides,
  });
  const take = (life: SimulatedLife, instance = rival(), keepBeating = true) => {
    const stored = { instance, status: 'passing' as const, beatAt: life.clock.now(), maintenance: undefined };
    life.registry.entries.set(instance.id, stored);
    const beat = () => {
      stored.beatAt = life.clock.now();
      life.clock.after(1_000, beat);
    };
    if (keepBeating) beat();
    return stored;
  };

  it('is waited for: told once, left alone, taken when the other has gone', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    take(life);
    void life.registrar.start();
    await life.clock.advance(60_000);
    expect(life.registrar.state).toBe('waiting');
    expect(life.told('conflict')).toEqual([
      { error: expect.objectContaining({ code: 'ROLLCALL_ID_CONFLICT', proven: true }) as unknown },
    ]);
    expect(life.told('beatMissed')).toEqual([]);
    expect(life.registry.entries.get('orders-1')?.instance.nonce).toBe('rival');
    life.registry.forget();
    await life.clock.advance(1_100);
    expect(life.registrar.state).toBe('registered');
  });

  it('is taken over without noise when the other no longer beats', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    take(life, rival(), false);
    void life.registrar.start();
    await life.clock.advance(8_000);
    expect(life.registrar.state).toBe('waiting');
    await life.clock.advance(3_000);
    expect(life.registrar.state).toBe('registered');
    expect(life.told('conflict')).toEqual([]);
  });

  it("fails for good under 'fail'", async () => {
    const life = simulatedLife({ id: 'orders-1', onIdConflict: 'fail' });
    take(life);
    void life.registrar.start();
    await life.clock.advance(12_000);
    expect(life.registrar.state).toBe('failed');
    expect(life.registry.entries.get('orders-1')?.instance.nonce).toBe('rival');
  });

  it("gets out of the way under 'rename'", async () => {
    const life = simulatedLife({ id: 'orders-1', onIdConflict: 'rename' });
    take(life);
    void life.registrar.start();
    await life.clock.advance(12_000);
    expect(life.registrar.state).toBe('registered');
    expect(life.registrar.instance?.id).toMatch(/^orders-1-[0-9a-f]{8}$/);
    expect(life.registry.passing.sort()).toEqual(['orders-1', life.registrar.instance?.id]);
  });

  it('is replaced at once when the entry has our own address and port: our past self', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    take(life, rival({ address: '10.0.0.1' }));
    void life.registrar.start();
    await life.clock.advance(100);
    expect(life.registrar.state).toBe('registered');
    expect(life.registry.entries.get('orders-1')?.instance.nonce).not.toBe('rival');
  });

  it('is not fought over when something writes over us: lost as taken, then waiting', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    void life.registrar.start();
    await life.clock.advance(1_000);
    life.registry.forget();
    take(life);
    await life.clock.advance(20_000);
    expect(life.told('lost')).toEqual([expect.objectContaining({ cause: 'taken' })]);
    expect(life.registrar.state).toBe('waiting');
    expect(life.registry.entries.get('orders-1')?.instance.nonce).toBe('rival');
  });

  it('stays with its holder when we stop', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    void life.registrar.start();
    await life.clock.advance(1_000);
    take(life);
    const stopped = life.registrar.stop();
    await life.clock.advance(20_000);
    await stopped;
    expect(life.registry.entries.get('orders-1')?.instance.nonce).toBe('rival');
  });
});

describe('drift', () => {
  const change = (life: SimulatedLife, tags: string[]) => {
    const entry = life.registry.entries.get('orders-1');
    if (entry) entry.instance = { ...entry.instance, tags };
  };

  it('is repaired, and told, at most once a minute', async () => {
    const life = simulatedLife({ id: 'orders-1', tags: ['a'] });
    void life.registrar.start();
    await life.clock.advance(1_000);
    change(life, ['b']);
    await life.clock.advance(35_000);
    expect(life.registry.entries.get('orders-1')?.instance.tags).toEqual(['a']);
    expect(life.told('drift')).toEqual([{ fields: ['tags'], repaired: true }]);
    change(life, ['b']);
    await life.clock.advance(24_000);
    expect(life.registry.entries.get('orders-1')?.instance.tags).toEqual(['b']);
    await life.clock.advance(70_000);
    expect(life.registry.entries.get('orders-1')?.instance.tags).toEqual(['a']);
  });

  it("is only told, and once, under 'report'", async () => {
    const life = simulatedLife({ id: 'orders-1', tags: ['a'], drift: 'report' });
    void life.registrar.start();
    await life.clock.advance(1_000);
    change(life, ['b']);
    await life.clock.advance(200_000);
    expect(life.told('drift')).toEqual([{ fields: ['tags'], repaired: false }]);
    expect(life.registry.entries.get('orders-1')?.instance.tags).toEqual(['b']);
  });
});
