import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReadOptions } from '../../../src/contracts/discovery.js';
import { RegistryUnavailableError } from '../../../src/core/errors.js';
import { openSource } from '../../../src/discovery/open-source.js';
import type { Source } from '../../../src/discovery/source-poll.js';
import { SourceWatch } from '../../../src/discovery/source-watch.js';
import type { PollEvent } from '../../../src/discovery/source-watch.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FedDiscovery } from './fed-discovery.js';

const down = new RegistryUnavailableError('down');

let clock: FakeClock;
let discovery: FedDiscovery;
let source: Source;
let watches: Map<string, SourceWatch>;
let events: PollEvent[];

beforeEach(() => {
  clock = new FakeClock();
  discovery = new FedDiscovery();
  source = openSource({ name: 'registry', discovery, isLocal: true, clock, random: () => 1 });
  watches = new Map();
  events = [];
});
afterEach(async () => {
  for (const watch of watches.values()) watch.close();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

const watch = (...services: string[]) => watchIn({}, services);

async function watchIn(options: ReadOptions, services: string[]): Promise<void> {
  for (const service of services) {
    const onPolled = (event: PollEvent) => events.push(event);
    const each = new SourceWatch({ source, service, options, clock, random: () => 1, onPolled });
    watches.set(service, each);
    each.start();
  }
  await clock.advance(0);
}

const states = () => [...watches.values()].map(({ state }) => state);

/** What is read because of `change`. */
async function readsAfter(change: () => void): Promise<string[]> {
  discovery.reads = [];
  change();
  await clock.advance(0);
  return discovery.reads.sort();
}

describe('more services than long polls', () => {
  it('are read once each, and held by none', async () => {
    await watch('a', 'b', 'c', 'd', 'e', 'f');
    expect(discovery.reads.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect([discovery.held.size, discovery.isFollowed]).toEqual([0, true]);
    expect(new Set(states())).toEqual(new Set(['live']));
  });

  it('are read again when the feed names them, and all where it names none', async () => {
    await watch('a', 'b', 'c', 'd');
    expect(await readsAfter(() => discovery.turn(['b', 'd', 'unknown']))).toEqual(['b', 'd']);
    expect(await readsAfter(() => discovery.turn('any'))).toEqual(['a', 'b', 'c', 'd']);
    expect(await readsAfter(() => discovery.turn('none'))).toEqual([]);
  });

  it('are confirmed by a feed that shows no change', async () => {
    await watch('a', 'b', 'c');
    await clock.advance(20_000);
    expect(watches.get('a')?.answeredAt).toBe(0);
    discovery.turn('none');
    await clock.advance(0);
    expect(watches.get('a')?.answeredAt).toBe(20_000);
    discovery.fail(down);
    await clock.advance(0);
    expect(watches.get('a')?.answeredAt).toBe(0);
  });

  it('give up their long polls when one more comes, and have them back when it has gone', async () => {
    await watch('a', 'b');
    expect([discovery.held.size, discovery.isFollowed]).toEqual([2, false]);
    await watch('c');
    expect([discovery.held.size, discovery.isFollowed]).toEqual([0, true]);
    watches.get('c')?.close();
    watches.delete('c');
    await clock.advance(2_000);
    expect([[...discovery.held.keys()], discovery.isFollowed]).toEqual([['a', 'b'], false]);
    expect(events.filter(({ kind }) => kind !== 'answered')).toEqual([]);
  });

  it('leave the long polls that the feed does not take to those of other datacenters, which it does not show', async () => {
    await watchIn({ datacenter: 'dc2' }, ['x', 'y']);
    expect(discovery.held.size).toBe(2);
    await watch('a', 'b', 'c');
    discovery.answerHeld();
    await clock.advance(1_000);
    expect(discovery.held.size).toBe(1);
    expect(await readsAfter(() => discovery.turn(['x', 'a']))).toEqual(['a']);
  });

  it('are stale while the feed fails, and read anew with it', async () => {
    await watch('a', 'b', 'c');
    discovery.failsFeeds = down;
    discovery.fail(down);
    await clock.advance(0);
    expect(states()).toEqual(['stale', 'stale', 'stale']);
    discovery.failsFeeds = undefined;
    expect(await readsAfter(() => undefined)).toEqual([]);
    await clock.advance(1_000);
    expect(discovery.reads.sort()).toEqual(['a', 'b', 'c']);
    expect(states()).toEqual(['live', 'live', 'live']);
  });

  it('are polled in turns for a minute where the feed cannot be used', async () => {
    discovery.failsFeeds = new RegistryUnavailableError('too long', { answered: true });
    await watch('a', 'b', 'c');
    await clock.advance(10_000);
    expect(states()).toEqual(['live', 'live', 'live']);
    expect(discovery.held.size).toBe(2);
    discovery.failsFeeds = undefined;
    await clock.advance(61_000);
    expect([discovery.held.size, discovery.isFollowed]).toEqual([0, true]);
  });

  it('know from the feed that the history of the registry began anew', async () => {
    await watch('a', 'b', 'c');
    await clock.advance(60_000);
    await readsAfter(() => discovery.turn('any', { restarted: true }));
    expect(watches.get('b')?.troubleAt).toBe(60_000);
  });
});

describe('a large answer', () => {
  it('is followed by a pause of ten times of what it cost', async () => {
    discovery.costMs = 300;
    await watch('a');
    await clock.advance(2_999);
    expect(discovery.held.size).toBe(0);
    await clock.advance(1);
    expect(discovery.held.size).toBe(1);
  });

  it('is followed by that pause where a feed names the service again', async () => {
    discovery.costMs = 300;
    await watch('a', 'b', 'c');
    expect(await readsAfter(() => discovery.turn(['a']))).toEqual([]);
    await clock.advance(3_000);
    expect(discovery.reads).toEqual(['a']);
  });
});

describe('without a leader', () => {
  it.each([
    ['held by long polls', ['a', 'b']],
    ['followed by a feed', ['a', 'b', 'c']],
  ])('services that are %s are read from any member, at once and every 10 s, and then live again', async (_, names) => {
    await watch(...names);
    discovery.isLed = false;
    discovery.reads = [];
    await clock.advance(10_000);
    expect([discovery.held.size, discovery.isFollowed]).toEqual([0, false]);
    expect(discovery.reads.sort()).toEqual(names.map((name) => `${name} stale`));
    expect(watches.get('a')).toMatchObject({ state: 'stale', isLeaderless: true, answeredAt: 7_000 });
    expect(watches.get('a')?.problem?.message).toContain('no leader');
    await clock.advance(10_000);
    expect(discovery.reads).toHaveLength(2 * names.length);
    discovery.isLed = true;
    await clock.advance(1_000);
    expect(new Set(states())).toEqual(new Set(['live']));
    expect(watches.get('a')).toMatchObject({ isLeaderless: false, answeredAt: 21_000, troubleAt: 21_000 });
  });

  it('a service is read from any member at the first time too', async () => {
    discovery.isLed = false;
    await watch('a');
    expect(discovery.reads.at(-1)).toBe('a stale');
    expect(watches.get('a')).toMatchObject({ state: 'stale', isLeaderless: true });
  });

  it('a failed read is tried again 10 s later', async () => {
    discovery.isLed = false;
    await watch('a');
    discovery.failsReads = down;
    discovery.reads = [];
    await clock.advance(20_000);
    expect(discovery.reads).toEqual(['a stale', 'a stale']);
    expect(watches.get('a')).toMatchObject({ state: 'stale', isLeaderless: false, problem: down });
  });
});
