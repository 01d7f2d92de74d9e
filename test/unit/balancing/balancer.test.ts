import { describe, expect, it } from 'vitest';
import type { BalancedCall } from '../../../src/balancing/balancer.js';
import type { ResolvedInstance } from '../../../src/contracts/resolved-instance.js';
import { fleet, instance, instances } from './fleet.js';

describe('a pick', () => {
  it('takes each instance in turn', () => {
    expect(fleet(instances(3)).shares(30)).toEqual({ i0: 10, i1: 10, i2: 10 });
  });

  it('is undefined where there is none, and where none has an origin', () => {
    expect(fleet([]).balancer.pick()).toBeUndefined();
    expect(fleet([instance('i0', { address: '' })]).balancer.pick()).toBeUndefined();
  });

  it('heeds the weights of the registry, by the status', () => {
    const heavy = instance('i0', { weights: { passing: 3, warning: 1 } });
    const warning = instance('i1', { status: 'warning', weights: { passing: 9, warning: 1 } });
    expect(fleet([heavy, warning]).shares(40)).toEqual({ i0: 30, i1: 10 });
  });

  it('never takes an instance in maintenance, nor one in warning where these are excluded', () => {
    const given = [instance('i0'), instance('i1', { status: 'maintenance' }), instance('i2', { status: 'warning' })];
    expect(fleet(given, { includesWarning: false }).shares(10)).toEqual({ i0: 10 });
  });

  it('takes another one than the avoided, if there is another', () => {
    const { balancer, pick } = fleet(instances(2));
    for (let turn = 0; turn < 10; turn += 1) {
      const first = pick();
      expect(balancer.pick(first)?.instance.id).not.toBe(first.instance.id);
    }
    const alone = fleet(instances(1));
    expect(alone.balancer.pick(alone.pick())?.instance.id).toBe('i0');
  });

  it.each(['roundRobin', 'random', 'p2c'] as const)('by %s takes one that works in place of the avoided', (balance) => {
    const { balancer, pick } = fleet(instances(4), { balance });
    const calls = Array.from({ length: 60 }, pick);
    for (const id of ['i0', 'i1', 'i2']) calls.find(({ instance: { id: its } }) => its === id)?.done('failed');
    for (let turn = 0; turn < 20; turn += 1) {
      const avoided = pick();
      const second = balancer.pick(avoided)?.instance.id;
      if (avoided.instance.id === 'i3') expect(second).not.toBe('i3');
      else expect(second).toBe('i3');
    }
  });
});

describe('an update', () => {
  it('takes effect at the next pick', () => {
    const { balancer, shares } = fleet(instances(3));
    balancer.update([instance('i1')]);
    expect(shares(10)).toEqual({ i1: 10 });
  });

  it('keeps what is known of an incarnation, and forgets it with a restart', () => {
    const { balancer, fail, shares } = fleet(instances(3));
    fail(['i0'], 5);
    balancer.update([instance('i0', { tags: ['new'] }), instance('i1'), instance('i2')]);
    expect(shares(10)).not.toHaveProperty('i0');
    balancer.update([instance('i0', { nonce: 'restarted' }), instance('i1'), instance('i2')]);
    expect(shares(12)).toEqual({ i0: 4, i1: 4, i2: 4 });
  });

  it('is not undone by calls to those that have left', async () => {
    const { balancer, pick, clock, shares } = fleet(instances(3));
    const calls = Array.from({ length: 30 }, pick);
    balancer.update([instance('i1'), instance('i2')]);
    for (const call of calls) call.done('failed');
    await clock.advance(120_000);
    expect(Object.keys(shares(10)).sort()).toEqual(['i1', 'i2']);
  });
});

describe('pending calls', () => {
  const pending = ({ balancer }: ReturnType<typeof fleet>) => [...balancer.loads].map((load) => load.pending.count);

  it('are done once, also for a listener that says so again', () => {
    const told: string[] = [];
    const news = {
      ejected: () => {
        told.push('ejected');
        last?.done('failed');
      },
      panic: () => undefined,
      refused: () => {
        told.push('refused');
        last?.done('refused');
      },
    };
    const { balancer } = fleet(instances(3), { news });
    let last: BalancedCall | undefined;
    const ofOne = () =>
      Array.from({ length: 15 }, () => balancer.pick()!).filter(({ load }) => load.instance.id === 'i0');
    for (last of ofOne()) last.done('refused');
    expect(told.filter((each) => each === 'ejected')).toHaveLength(1);
    expect(told.filter((each) => each === 'refused')).toHaveLength(5);
    expect([...balancer.loads].find(({ instance: { id } }) => id === 'i0')).toMatchObject({ failures: 5 });
  });

  it('count until they are done, once', () => {
    const fleetOfOne = fleet(instances(1));
    const one = fleetOfOne.pick();
    const other = fleetOfOne.pick();
    expect(pending(fleetOfOne)).toEqual([2]);
    one.done('ok');
    one.done('ok');
    expect(pending(fleetOfOne)).toEqual([1]);
    other.done('ignored');
    expect(pending(fleetOfOne)).toEqual([0]);
  });

  it('stop counting after 60 s when they are never done, and a late end changes no other', async () => {
    const fleetOfOne = fleet(instances(1));
    const forgotten = fleetOfOne.pick();
    await fleetOfOne.clock.advance(59_000);
    expect(pending(fleetOfOne)).toEqual([1]);
    await fleetOfOne.clock.advance(6_000);
    expect(pending(fleetOfOne)).toEqual([0]);
    fleetOfOne.pick();
    forgotten.done('failed');
    expect(pending(fleetOfOne)).toEqual([1]);
  });

  it('need no timer while there are none', async () => {
    const { clock, pick } = fleet(instances(1));
    pick().done('ok');
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });
});

describe('an ejection', () => {
  it('follows five failures in a row, and not five between successes', () => {
    const { fail, shares, told } = fleet(instances(4));
    fail(['i0'], 4);
    expect(shares(4)).toHaveProperty('i0');
    fail(['i0'], 4);
    expect(told).toEqual([]);
    fail(['i0'], 1);
    expect(told).toMatchObject([{ ejected: 'i0', failedInRow: 5 }]);
    expect(shares(30)).toEqual({ i1: 10, i2: 10, i3: 10 });
  });

  it('is over after one probe that succeeds', async () => {
    const { fail, shares, pick, clock } = fleet(instances(4));
    fail(['i0'], 5);
    await clock.advance(7_500);
    const probe = pick();
    expect(probe.instance.id).toBe('i0');
    expect(shares(30)).toEqual({ i1: 10, i2: 10, i3: 10 });
    probe.done('ok');
    expect(shares(40)).toEqual({ i0: 10, i1: 10, i2: 10, i3: 10 });
  });

  it('doubles with each probe that fails, to a minute and a half at most', async () => {
    const { fail, pick, clock, told } = fleet(instances(4));
    fail(['i0'], 5);
    for (let probes = 0; probes < 8; probes += 1) {
      await clock.advance(90_000);
      const probe = pick();
      expect(probe.instance.id).toBe('i0');
      probe.done('failed');
    }
    const times = (told as { forMs: number }[]).map(({ forMs }) => forMs);
    const middles = [5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000, 60_000];
    expect(times).toHaveLength(middles.length);
    for (const [index, middle] of middles.entries()) {
      expect(times[index]).toBeGreaterThanOrEqual(middle * 0.5);
      expect(times[index]).toBeLessThanOrEqual(middle * 1.5);
    }
  });

  it('is probed again after a probe whose caller gave up, or never said done', async () => {
    const { fail, pick, clock } = fleet(instances(4));
    fail(['i0'], 5);
    await clock.advance(7_500);
    const probe = pick();
    probe.done('ignored');
    const second = pick();
    expect(second.instance.id).toBe('i0');
    expect(pick().instance.id).not.toBe('i0');
    await clock.advance(70_000);
    expect(pick().instance.id).toBe('i0');
  });

  it('is not probed in maintenance, nor while it is critical', async () => {
    const { fail, shares, pick, clock, balancer } = fleet(instances(4));
    fail(['i0'], 5);
    await clock.advance(7_500);
    for (const status of ['maintenance', 'critical'] as const) {
      balancer.update([instance('i0', { status }), ...instances(4).slice(1)]);
      expect(shares(9)).not.toHaveProperty('i0');
    }
    balancer.update(instances(4));
    expect(pick().instance.id).toBe('i0');
  });

  it('takes a third at most, counted with the ejected one; of two one; never the last', () => {
    const ejectedOf = (count: number) => {
      const { fail, told } = fleet(instances(count));
      fail(
        instances(count)
          .slice(0, Math.ceil(count / 2))
          .map(({ id }) => id),
        40,
      );
      return told.length;
    };
    expect([1, 2, 3, 4, 5, 6, 9, 12].map(ejectedOf)).toEqual([0, 1, 1, 1, 1, 2, 3, 4]);
  });

  it('rotates where all fail, so that one that recovers is found', () => {
    const { fail, shares, told } = fleet(instances(2));
    fail(['i0'], 5);
    fail(['i1'], 5);
    expect((told as { ejected: string }[]).map(({ ejected }) => ejected)).toEqual(['i0', 'i1']);
    expect(shares(4)).toEqual({ i0: 4 });
  });

  it('is not ended by the success of a call that is no probe', () => {
    const { pick, fail, shares } = fleet(instances(4));
    let early = pick();
    while (early.instance.id !== 'i0') early = pick();
    fail(['i0'], 5);
    early.done('ok');
    expect(shares(9)).not.toHaveProperty('i0');
  });

  it('leaves no timer behind', async () => {
    const { fail, balancer, clock } = fleet(instances(4), { slowStartMs: 1_000 });
    fail(['i0'], 5);
    balancer.close();
    expect(clock.pending).toBe(0);
    expect(balancer.pick()).toBeUndefined();
  });
});

describe('panic', () => {
  it('begins under half of usable instances, and uses passing ones first, then warning, then critical', () => {
    const critical = instances(6, { status: 'critical' });
    const { balancer, shares, told } = fleet([...critical.slice(1), instance('i0')]);
    expect(told).toEqual([{ panic: true, usable: 1, known: 6 }]);
    expect(shares(6)).toEqual({ i0: 6 });
    balancer.update([...critical.slice(1), instance('i0', { status: 'warning' })]);
    expect(shares(6)).toEqual({ i0: 6 });
    balancer.update([...critical.slice(1), instance('i0', { status: 'maintenance' })]);
    expect(Object.keys(shares(10))).toHaveLength(5);
    balancer.update(instances(6));
    expect(told.at(-1)).toEqual({ panic: false, usable: 6, known: 6 });
  });

  it('uses ejected ones that pass', () => {
    const { balancer, fail, shares } = fleet(instances(6));
    fail(['i0', 'i1'], 10);
    expect(Object.keys(shares(12))).toHaveLength(4);
    const isGone = ({ id }: { id: string }) => ['i2', 'i3'].includes(id);
    balancer.update(instances(6).map((each) => (isGone(each) ? instance(each.id, { status: 'critical' }) : each)));
    expect(Object.keys(shares(12)).sort()).toEqual(['i0', 'i1', 'i4', 'i5']);
  });
});

describe('zones', () => {
  const zoned = (id: string, zone: string, status: 'passing' | 'critical' = 'passing') =>
    instance(id, { status, meta: { zone }, zone });

  it('keep calls near while seven tenths of the near ones are healthy', () => {
    const far = [zoned('i4', 'b'), zoned('i5', 'b'), zoned('i6', 'b')];
    const near = [zoned('i0', 'a'), zoned('i1', 'a'), zoned('i2', 'a'), zoned('i3', 'a')];
    const { shares, balancer } = fleet([...near, ...far], { zone: 'a' });
    expect(Object.keys(shares(100)).sort()).toEqual(['i0', 'i1', 'i2', 'i3']);
    balancer.update([
      zoned('i0', 'a'),
      zoned('i1', 'a'),
      zoned('i2', 'a', 'critical'),
      zoned('i3', 'a', 'critical'),
      ...far,
    ]);
    const found = shares(10_000);
    const nearShare = ((found['i0'] ?? 0) + (found['i1'] ?? 0)) / 10_000;
    expect(nearShare).toBeGreaterThan(0.67);
    expect(nearShare).toBeLessThan(0.73);
  });

  it('do not matter where none is near', () => {
    const { shares } = fleet([zoned('i0', 'b'), zoned('i1', 'c')], { zone: 'a' });
    expect(shares(4)).toEqual({ i0: 2, i1: 2 });
  });
});

describe('an instance whose probe is under way', () => {
  it('gets all calls where no other one is usable', async () => {
    const { balancer, clock, fail, pick } = fleet(instances(2));
    fail(['i0'], 5);
    await clock.advance(7_500);
    const probe = pick();
    expect(probe.instance.id).toBe('i0');
    balancer.update([instance('i0'), instance('i1', { status: 'critical' })]);
    expect(pick().instance.id).toBe('i0');
    balancer.update([instance('i0')]);
    expect(pick().instance.id).toBe('i0');
    balancer.update(instances(2));
    expect(pick().instance.id).toBe('i1');
    probe.done('ok');
  });
});

describe('datacenters', () => {
  const placed = (id: string, datacenter: string, more: Partial<ResolvedInstance> = {}) =>
    instance(id, { datacenter, ...more });
  const elsewhere = [placed('i8', 'east'), placed('i9', 'east')];
  const critical = { status: 'critical' } as const;
  const zoned = (zone: string) => ({ zone, meta: { zone } });
  const shareOf = (found: Readonly<Record<string, number>>, ...ids: readonly string[]) =>
    ids.reduce((sum, id) => sum + (found[id] ?? 0), 0) / 10_000;

  it('keep calls in the own one while seven tenths of it are healthy', () => {
    const { shares, balancer } = fleet([]);
    const west = [0, 1, 2, 3].map((at) => placed(`i${at}`, 'west'));
    balancer.update([...west, ...elsewhere], 'west');
    expect(Object.keys(shares(100)).sort()).toEqual(['i0', 'i1', 'i2', 'i3']);
    balancer.update(
      [...west.slice(2), placed('i0', 'west', critical), placed('i1', 'west', critical), ...elsewhere],
      'west',
    );
    expect(shareOf(shares(10_000), 'i2', 'i3')).toBeCloseTo(0.7, 1);
  });

  it('do not matter without an own one, where none is there, or if the caller says so', () => {
    const both = [placed('i0', 'west'), placed('i1', 'east')];
    const { shares, balancer } = fleet(both);
    expect(shares(4)).toEqual({ i0: 2, i1: 2 });
    balancer.update(both, 'north');
    expect(shares(4)).toEqual({ i0: 2, i1: 2 });
    const indifferent = fleet([], { zone: false });
    indifferent.balancer.update(both, 'west');
    expect(indifferent.shares(4)).toEqual({ i0: 2, i1: 2 });
  });

  it('get what the zone leaves before all others', () => {
    const west = [
      placed('i0', 'west', zoned('a')),
      placed('i1', 'west', { ...zoned('a'), ...critical }),
      placed('i2', 'west', zoned('b')),
      placed('i3', 'west', { ...zoned('b'), ...critical }),
      placed('i4', 'west', { ...zoned('b'), ...critical }),
      placed('i5', 'west', { ...zoned('b'), ...critical }),
      placed('i6', 'west', { ...zoned('b'), ...critical }),
    ];
    const { shares, balancer } = fleet([], { zone: 'a' });
    balancer.update([...west.slice(0, 3), ...elsewhere], 'west');
    const spilling = shares(10_000);
    expect([shareOf(spilling, 'i0'), shareOf(spilling, 'i2')]).toEqual([
      expect.closeTo(0.7, 1),
      expect.closeTo(0.3, 1),
    ]);
    expect(shareOf(spilling, 'i8', 'i9')).toBe(0);
    // A fifth of the others is healthy: they take 28 %.
    balancer.update([...west, ...elsewhere, ...instances(20).slice(10)], 'west');
    const more = shares(10_000);
    expect(shareOf(more, 'i0')).toBeCloseTo(0.7, 1);
    expect(shareOf(more, 'i2')).toBeCloseTo(0.28, 1);
    expect(shareOf(more, 'i8', 'i9')).toBeGreaterThan(0);
  });

  it('count before a zone that has no instance', () => {
    const { shares, balancer } = fleet([], { zone: 'c' });
    balancer.update([placed('i0', 'west', zoned('a')), placed('i1', 'west', zoned('b')), ...elsewhere], 'west');
    expect(shares(4)).toEqual({ i0: 2, i1: 2 });
  });
});

describe('a large fleet', () => {
  it('is called by a subset, in which one change of the fleet changes one at most', () => {
    const { balancer } = fleet(instances(300), { subset: 20 });
    const picks = () => new Set(Array.from({ length: 200 }, () => balancer.pick()!.instance.id));
    let before = picks();
    expect(before.size).toBe(20);
    for (let gone = 0; gone < 50; gone += 1) {
      balancer.update(instances(300).filter((_, index) => index > gone));
      const now = picks();
      expect(now.size).toBe(20);
      expect([...now].filter((id) => !before.has(id)).length).toBeLessThanOrEqual(1);
      before = now;
    }
  });
});

describe('slow start', () => {
  it('gives a new instance its share by and by', async () => {
    const { balancer, shares, clock } = fleet(instances(1), { slowStartMs: 30_000 });
    await clock.advance(30_000);
    balancer.update(instances(2));
    const early = shares(1_000)['i1'] ?? 0;
    await clock.advance(15_000);
    const half = shares(1_000)['i1'] ?? 0;
    await clock.advance(15_001);
    expect(early).toBeLessThan(120);
    expect(half).toBeGreaterThan(250);
    expect(half).toBeLessThan(400);
    await clock.advance(2_000);
    expect(shares(1_000)).toEqual({ i0: 500, i1: 500 });
  });
});

describe('the less loaded of two', () => {
  it('avoids an instance that is slow, and tries it again', async () => {
    const { pick, clock } = fleet(instances(3), { balance: 'p2c' });
    let slow = 0;
    let isHealed = false;
    const call = async () => {
      const picked = pick();
      const isSlow = picked.instance.id === 'i0';
      if (isSlow) slow += 1;
      await clock.sleep(isSlow && !isHealed ? 100 : 5);
      picked.done('ok');
    };
    const load = async (calls: number) => {
      for (let sent = 0; sent < calls; sent += 1) {
        void call();
        await clock.advance(4);
      }
    };
    await load(500);
    slow = 0;
    await load(2_000);
    expect(slow).toBeLessThan(40);
    isHealed = true;
    await load(2_000);
    slow = 0;
    await load(1_200);
    expect(slow).toBeGreaterThan(250);
  });

  it('prefers a healthy one however loaded, and spreads calls over equal ones', () => {
    const { pick } = fleet([instance('i0'), instance('i1', { status: 'warning' })], { balance: 'p2c' });
    expect(new Set(Array.from({ length: 50 }, () => pick().instance.id))).toEqual(new Set(['i0']));
    const equal = fleet(instances(5), { balance: 'p2c' });
    const counts = new Map<string, number>();
    for (let call = 0; call < 500; call += 1) {
      const { id } = equal.pick().instance;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThan(10);
  });

  it('finds a failing one unattractive, though failing is fast', async () => {
    const { pick, clock } = fleet(instances(2), { balance: 'p2c' });
    let failed = 0;
    for (let call = 0; call < 200; call += 1) {
      const picked = pick();
      const isBad = picked.instance.id === 'i0';
      if (isBad) failed += 1;
      await clock.advance(isBad ? 0 : 20);
      picked.done(isBad ? 'failed' : 'ok');
    }
    expect(failed).toBeLessThan(20);
  });
});
