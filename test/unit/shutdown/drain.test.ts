import { describe, expect, it } from 'vitest';
import { Drain } from '../../../src/shutdown/drain.js';
import type { DrainPlan } from '../../../src/shutdown/drain.js';
import { Sources } from '../../../src/server/sources.js';
import { FakeClock } from '../../support/fake-clock.js';

const BEGUN_AT = 40_000;

interface Draining {
  readonly clock: FakeClock;
  readonly sources: Sources;
  readonly drain: Drain;
  /** When it was over, from its begin on. */
  readonly overAfter: () => number | undefined;
  readonly stillComing: () => readonly string[] | undefined;
  /** Requests from an address every so many ms, from now on. */
  come(address: string, everyMs: number, forMs: number): void;
  end(): void;
}

/** A drain that begins at 40 s; `before` has requests come until then. */
async function draining(
  plan: Partial<DrainPlan> = {},
  before: (life: Pick<Draining, 'come'>) => void = () => undefined,
): Promise<Draining> {
  const clock = new FakeClock();
  const sources = new Sources();
  const come = (address: string, everyMs: number, forMs: number) => {
    const until = clock.now() + forMs;
    const arrive = () => {
      sources.arrived(address, clock.now());
      if (clock.now() + everyMs <= until) clock.after(everyMs, arrive);
    };
    arrive();
  };
  before({ come });
  await clock.advance(BEGUN_AT);
  const ended = new AbortController();
  const drain = new Drain({
    minMs: 2_000,
    quietMs: 'auto',
    maxMs: 15_000,
    clock,
    sources: () => sources.known(clock.now()),
    absentSince: () => BEGUN_AT,
    ...plan,
  });
  let overAt: number | undefined;
  let stillComing: readonly string[] | undefined;
  void drain.over(ended.signal).then((coming) => {
    overAt = clock.now();
    stillComing = coming;
  });
  return {
    clock,
    sources,
    drain,
    come,
    overAfter: () => overAt && overAt - BEGUN_AT,
    stillComing: () => stillComing,
    end: () => ended.abort(),
  };
}

describe('a drain', () => {
  it('is over after the minimum when no request was ever seen', async () => {
    const { clock, overAfter } = await draining();
    await clock.advance(20_000);
    expect(overAfter()).toBe(2_000);
  });

  it('is over at once without a minimum', async () => {
    const { clock, overAfter } = await draining({ minMs: 0 });
    await clock.advance(0);
    expect(overAfter()).toBe(0);
  });

  it('waits for a busy source until a silence of the floor', async () => {
    const { clock, overAfter } = await draining({}, ({ come }) => come('10.0.0.1', 20, BEGUN_AT + 1_940));
    await clock.advance(20_000);
    expect(overAfter()).toBeGreaterThanOrEqual(1_940 + 1_200);
    expect(overAfter()).toBeLessThanOrEqual(1_940 + 1_200 + 100);
  });

  it('waits for the slow one of two sources, each at its own pace, and says for whom and why', async () => {
    const { clock, drain, overAfter } = await draining({}, ({ come }) => {
      come('10.0.0.1', 20, BEGUN_AT + 1_000);
      come('10.0.0.2', 200, BEGUN_AT + 3_000);
    });
    await clock.advance(1_000);
    expect(drain.waitingFor).toBe('the end of shutdown.drain.min, 1.0 s of 2.0 s');
    await clock.advance(3_000);
    expect(drain.waitingFor).toBe('10.0.0.2 to have gone: silent for 1.0 s of 3.5 s');
    await clock.advance(20_000);
    expect(overAfter()).toBeGreaterThan(3_000 + 3_400);
    expect(overAfter()).toBeLessThan(3_000 + 3_600);
    expect(drain.waitingFor).toBeUndefined();
  });

  it('serves until the maximum for a source so slow that its silence proves nothing', async () => {
    const { clock, overAfter, stillComing } = await draining({}, ({ come }) => come('10.0.0.1', 8_000, BEGUN_AT));
    await clock.advance(20_000);
    expect([overAfter(), stillComing()]).toEqual([15_000, []]);
  });

  it('does not wait for one that has not come for a minute, or that came once', async () => {
    const { clock, sources, overAfter } = await draining({ absentSince: () => BEGUN_AT + 61_000 });
    sources.arrived('10.0.0.1', clock.now() - 100);
    sources.arrived('10.0.0.1', clock.now() - 50);
    sources.arrived('10.0.0.2', clock.now());
    await clock.advance(15_000);
    expect(overAfter()).toBe(15_000);
    const later = await draining({}, ({ come }) => come('10.0.0.2', 1, 0));
    await later.clock.advance(20_000);
    expect(later.overAfter()).toBe(2_000);
  });

  it('ends at the maximum, and tells who still comes', async () => {
    const { clock, overAfter, stillComing } = await draining({}, ({ come }) => {
      come('10.0.0.1', 20, BEGUN_AT + 60_000);
      come('10.0.0.2', 20, BEGUN_AT);
    });
    await clock.advance(20_000);
    expect([overAfter(), stillComing()]).toEqual([15_000, ['10.0.0.1']]);
  });

  it('takes no silence for proof while readers may still be handed the instance', async () => {
    const absent: { since?: number } = {};
    const { clock, drain, overAfter } = await draining({ minMs: 0, absentSince: () => absent.since }, ({ come }) =>
      come('10.0.0.1', 20, BEGUN_AT),
    );
    await clock.advance(5_000);
    expect(drain.waitingFor).toBe('the registry to show that it is out');
    absent.since = clock.now();
    await clock.advance(10_000);
    expect(overAfter()).toBe(5_000 + 1_200);
  });

  it('takes a fixed quiet for every source', async () => {
    const { clock, overAfter } = await draining({ quietMs: 500 }, ({ come }) => {
      come('10.0.0.1', 8_000, BEGUN_AT);
      come('10.0.0.2', 100, BEGUN_AT + 3_000);
    });
    await clock.advance(20_000);
    expect(overAfter()).toBe(3_500);
  });

  it('takes no silence for proof in which the process itself could not hear', async () => {
    const { clock, overAfter } = await draining({}, ({ come }) => come('10.0.0.1', 20, BEGUN_AT + 1_500));
    await clock.advance(1_500);
    // The event loop stands still: time passes, and no timer fires.
    const { now } = clock;
    clock.now = () => now.call(clock) + 5_000;
    await clock.advance(60);
    expect(overAfter()).toBeUndefined();
    await clock.advance(1_000);
    expect(overAfter()).toBeUndefined();
    await clock.advance(250);
    expect(overAfter()).toBeGreaterThanOrEqual(1_500 + 5_000 + 1_200);
  });

  it('ends at once when its signal aborts', async () => {
    const { clock, overAfter, stillComing, end } = await draining({}, ({ come }) =>
      come('10.0.0.1', 20, BEGUN_AT + 60_000),
    );
    await clock.advance(100);
    end();
    await clock.advance(0);
    expect([overAfter(), stillComing()]).toEqual([100, []]);
    expect(clock.pending).toBe(1);
  });
});
