import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RegistryNews } from '../../../src/contracts/discovery.js';
import { openSource } from '../../../src/discovery/open-source.js';
import { SourceWatch } from '../../../src/discovery/source-watch.js';
import type { PollEvent } from '../../../src/discovery/source-watch.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedDiscovery, listed } from './scripted-discovery.js';

const service = 'orders';
let clock: FakeClock;
let discovery: ScriptedDiscovery;
let streams: { tell(news: RegistryNews): void; fail(error: Error): void }[];
let events: PollEvent['kind'][];
let watch: SourceWatch;

beforeEach(() => {
  clock = new FakeClock();
  discovery = new ScriptedDiscovery(clock);
  streams = [];
  events = [];
  const streaming = Object.assign(discovery, {
    watch: (_services: unknown, tell: (news: RegistryNews) => void, signal: AbortSignal): Promise<void> =>
      new Promise((_resolve, fail) => {
        streams.push({ tell, fail });
        signal.addEventListener('abort', () => fail(signal.reason as Error), { once: true });
      }),
  });
  watch = new SourceWatch({
    source: openSource({ name: 'registry', discovery: streaming, isLocal: true, clock, random: () => 1 }),
    service,
    options: {},
    clock,
    random: () => 1,
    onPolled: ({ kind }) => events.push(kind),
  });
  watch.start();
});
afterEach(async () => {
  watch.close();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

const ids = () => watch.instances?.map(({ id }) => id);

/** The first list, and a stream that tells what changes after it. */
async function follow(revision: number): Promise<void> {
  await discovery.answer(listed('a'), undefined, { revision });
  await clock.advance(10);
  streams.at(-1)!.tell({ kind: 'open', revision });
  await clock.advance(0);
}

it('takes what a stream tells without a poll, also more often than once a second', async () => {
  await follow(5);
  for (const [at, id] of ['b', 'c', 'd', 'e'].entries()) {
    streams[0]!.tell({ kind: 'changed', service, revision: 6 + at, present: listed(id), gone: [] });
    await clock.advance(1);
  }
  expect(ids()).toEqual(['a', 'b', 'c', 'd', 'e']);
  await clock.advance(9_000);
  expect(discovery.polls).toBe(1);
});

it('is stale when the stream breaks, and lists anew', async () => {
  await follow(5);
  streams[0]!.fail(new Error('broken'));
  await clock.advance(0);
  expect([watch.state, watch.problem?.message]).toEqual(['stale', 'registry failed while orders was read: broken']);
  await clock.advance(1_000);
  await discovery.answer(listed('b'), undefined, { revision: 9 });
  expect([watch.state, ids()]).toEqual(['live', ['b']]);
  expect(events.slice(-2)).toEqual(['stale', 'recovered']);
});

it('lists anew, and suspects the answer, when the registry has a lower revision than before', async () => {
  await discovery.answer(listed('a'), undefined, { revision: 5 });
  await clock.advance(10);
  streams[0]!.tell({ kind: 'open', revision: 2 });
  await discovery.answer([], undefined, { revision: 2 });
  expect(watch.troubleAt).toBe(clock.now());
  expect([watch.state, ids()]).toEqual(['live', []]);
});

it('polls at once after a hint, and each second without one', async () => {
  await discovery.answer(listed('a'), undefined);
  await clock.advance(10);
  streams[0]!.tell({ kind: 'open' });
  await clock.advance(0);
  expect(discovery.polls).toBe(1);
  streams[0]!.tell({ kind: 'hint', service });
  await clock.advance(0);
  expect(discovery.polls).toBe(2);
  await discovery.answer(listed('a', 'b'), undefined);
  expect(ids()).toEqual(['a', 'b']);
  await clock.advance(999);
  expect(discovery.polls).toBe(2);
  await clock.advance(1);
  expect(discovery.polls).toBe(3);
});
