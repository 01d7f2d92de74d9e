import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RegistryUnavailableError } from '../../../src/core/errors.js';
import { LongPollShare } from '../../../src/discovery/long-poll-share.js';
import { ServiceWatch } from '../../../src/discovery/service-watch.js';
import type { WatchNews } from '../../../src/discovery/service-watch.js';
import { watchTransitions } from '../../../src/discovery/watch-state.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedDiscovery, listed } from './scripted-discovery.js';

let clock: FakeClock;
let first: ScriptedDiscovery;
let second: ScriptedDiscovery;
let watch: ServiceWatch;
let news: WatchNews[];

function start(discoveries: ScriptedDiscovery[]): void {
  watch = new ServiceWatch({
    service: 'orders',
    sources: discoveries.map((discovery, at) => ({
      name: `registry ${at + 1}`,
      discovery,
      isLocal: true,
      longPolls: new LongPollShare(Infinity),
    })),
    options: {},
    clock,
    random: () => 1,
  });
  watch.subscribe((each) => {
    if (each.kind !== 'polled') news.push(each);
  });
  watch.start();
}

beforeEach(() => {
  clock = new FakeClock();
  first = new ScriptedDiscovery(clock);
  second = new ScriptedDiscovery(clock);
  news = [];
});
afterEach(() => {
  watch.close();
  expect(clock.pending).toBe(0);
});

const ids = () => watch.picture.instances?.map(({ id }) => id);
const down = new RegistryUnavailableError('down');

it('has no transition out of closed, and reaches live from every other state', () => {
  expect(watchTransitions.closed).toEqual({});
  expect(watchTransitions.connecting.answered).toBe('live');
  expect(watchTransitions.stale.answered).toBe('live');
  start([first]);
});

describe('a watch of one registry', () => {
  beforeEach(() => {
    start([first]);
  });

  it('knows nothing before the first answer, and is live with it', async () => {
    expect(watch.picture).toMatchObject({ state: 'connecting', instances: undefined, answeredAt: undefined });
    await first.answer(listed('a'), '1');
    expect(watch.picture).toMatchObject({ state: 'live', answeredAt: 0, wasSeen: true });
    expect(ids()).toEqual(['a']);
  });

  it('keeps the last answer while polls fail, says so once, and says when the registry is back', async () => {
    await first.answer(listed('a'), '1');
    await clock.advance(5_000);
    await first.fail(down);
    await clock.advance(1_000);
    await first.fail(down);
    await clock.advance(1_000);
    expect(watch.picture).toMatchObject({ state: 'stale', answeredAt: 0, problem: down });
    expect(ids()).toEqual(['a']);
    await first.answer(listed('a', 'b'), '9');
    expect(news).toEqual([
      { kind: 'stale', registry: 'registry 1', error: down },
      { kind: 'recovered', registry: 'registry 1', afterMs: 2_000 },
    ]);
    expect(ids()).toEqual(['a', 'b']);
  });

  it('asks again shortly before the time is over for which an answer counts, and soon after a failure', async () => {
    await first.answer(listed('a'), undefined, { freshForMs: 30_000 });
    await clock.advance(23_000);
    expect(first.polls).toBe(1);
    await clock.advance(2_000);
    expect(first.polls).toBe(2);
    await first.fail(down);
    expect(ids()).toEqual(['a']);
    await clock.advance(1_000);
    expect(first.polls).toBe(3);
    await first.answer(listed('b'), undefined, { freshForMs: 0 });
    await clock.advance(1_000);
    expect(first.polls).toBe(4);
  });

  it('drops the cursor after a failed poll', async () => {
    await first.answer(listed('a'), '77');
    await clock.advance(0);
    expect(first.cursor).toBe('77');
    await first.fail(down);
    await clock.advance(1_000);
    expect(first.cursor).toBeUndefined();
  });

  it('sends two polls at once and then one a second, whatever the registry answers', async () => {
    for (let turn = 0; turn < 30; turn += 1) {
      await first.answer(listed('a'), String(turn)).catch(() => undefined);
      await clock.advance(100);
    }
    // 3 s of answers at once.
    expect(first.polls).toBeLessThanOrEqual(2 + 3);
    expect(first.polls).toBeGreaterThanOrEqual(4);
  });

  it('polls each second where the registry has no long poll', async () => {
    await first.answer(listed('a'), undefined);
    await clock.advance(999);
    expect(first.polls).toBe(1);
    await clock.advance(1);
    expect(first.polls).toBe(2);
  });

  it('is stale while the registry has no leader, with the news that it has', async () => {
    await first.answer(listed('a'), '1');
    await clock.advance(1_000);
    await first.answer(listed('a', 'b'), '2', { stale: true });
    expect(watch.picture).toMatchObject({ state: 'stale', answeredAt: 0 });
    expect(ids()).toEqual(['a', 'b']);
  });

  it('doubts an empty answer, says so once, and lets go without another answer', async () => {
    await first.answer(listed('a', 'b', 'c'), '1');
    await clock.advance(60_000);
    await first.answer(listed(), '2');
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(watch.picture.doubted).toBe(3);
    expect(news).toEqual([{ kind: 'doubted', vanished: ['a', 'b', 'c'], known: 3 }]);
    await clock.advance(9_999);
    expect(ids()).toEqual(['a', 'b', 'c']);
    await clock.advance(1);
    expect(ids()).toEqual([]);
    expect(watch.picture).toMatchObject({ doubted: 0, wasSeen: true });
  });

  it('doubts an answer after an index that fell', async () => {
    await first.answer(listed('a', 'b', 'c'), '100');
    await clock.advance(1_000);
    await first.answer(listed('a'), '0', { restarted: true });
    expect(ids()).toEqual(['a', 'b', 'c']);
  });

  it('doubts the first answer after an outage, however long ago the last failure was', async () => {
    await first.answer(listed('a', 'b', 'c'), '1');
    await first.fail(down);
    await clock.advance(1_000);
    await clock.advance(60_000);
    await first.answer(listed('a'), '2');
    expect(ids()).toEqual(['a', 'b', 'c']);
  });

  it('believes at once that an instance is gone to which a connection was refused', async () => {
    await first.answer(listed('a', 'b', 'c'), '1');
    await clock.advance(1_000);
    await first.answer(listed(), '2');
    watch.refused({ id: 'b', nonce: 'nonce of b' });
    expect(ids()).toEqual(['a', 'c']);
    await clock.advance(10_000);
    expect(ids()).toEqual([]);
  });

  it('believes a scaling from 3 to 1 at once', async () => {
    await first.answer(listed('a', 'b', 'c'), '1');
    await clock.advance(1_000);
    await first.answer(listed('a'), '2');
    expect(ids()).toEqual(['a']);
    expect(news).toEqual([]);
  });
});

describe('a watch of a chain', () => {
  beforeEach(() => {
    start([first, second]);
  });

  it('merges what its registries have', async () => {
    await first.answer(listed('a'), '1');
    await second.answer(listed('b'), '1');
    expect(ids()).toEqual(['a', 'b']);
    expect(watch.picture.others?.instances.map(({ id }) => id)).toEqual(['b']);
  });

  it('is in the datacenter of the preferred one, also while that lists nothing', async () => {
    const placed = (id: string, datacenter: string) => listed(id).map((instance) => ({ ...instance, datacenter }));
    await second.answer(placed('b', 'east'), '1');
    expect(watch.picture.datacenter).toBeUndefined();
    await first.answer(placed('a', 'west'), '1');
    expect(watch.picture.datacenter).toBe('west');
    await first.answer([], '2');
    expect(watch.picture.datacenter).toBe('west');
  });

  it('is not live until the preferred one answers, and has what the others say', async () => {
    await first.fail(down);
    await second.answer(listed('b'), '1');
    expect(watch.picture).toMatchObject({ state: 'stale', answeredAt: undefined });
    expect(watch.picture.others?.instances.map(({ id }) => id)).toEqual(['b']);
  });

  it('keeps what a silent registry said, and takes the news of the other about what has moved there', async () => {
    await first.answer(listed('a', 'b'), '1');
    await second.answer(listed(), '1');
    await first.fail(down);
    await second.answer([{ ...listed('b')[0]!, status: 'critical' }], '2');
    expect(watch.picture.instances?.map(({ id, status }) => `${id} ${status}`)).toEqual(['a passing', 'b critical']);
    await clock.advance(1_000);
    await second.answer(listed(), '3');
    expect(ids()).toEqual(['a']);
  });

  it('does not doubt instances that moved from one registry to the other', async () => {
    await first.answer(listed('a', 'b', 'c'), '1');
    await second.answer(listed(), '1');
    await clock.advance(5_000);
    await second.answer(listed('a', 'b', 'c'), '2');
    await first.answer(listed(), '2');
    expect(ids()).toEqual(['a', 'b', 'c']);
    expect(news).toEqual([]);
  });
});
