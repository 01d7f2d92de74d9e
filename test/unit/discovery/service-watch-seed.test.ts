import { afterEach, beforeEach, expect, it } from 'vitest';
import { RegistryUnavailableError } from '../../../src/core/errors.js';
import { openSource } from '../../../src/discovery/open-source.js';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import { ServiceWatch } from '../../../src/discovery/service-watch.js';
import type { WatchNews } from '../../../src/discovery/service-watch.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedDiscovery, listed } from './scripted-discovery.js';

const down = new RegistryUnavailableError('down');
const saved = (...ids: string[]) => listed(...ids).map(resolveInstance);

let clock: FakeClock;
let first: ScriptedDiscovery;
let second: ScriptedDiscovery;
let watch: ServiceWatch;
let news: WatchNews[];

function start(...discoveries: ScriptedDiscovery[]): void {
  watch = new ServiceWatch({
    service: 'orders',
    sources: discoveries.map((discovery, at) =>
      openSource({ name: `registry ${at + 1}`, discovery, isLocal: true, clock, random: () => 1 }),
    ),
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
  watch.seed(saved('z'));
  expect(clock.pending).toBe(0);
});

const ids = () => watch.picture.instances?.map(({ id }) => id);

it('doubts an empty first answer against what was saved, for as long as any other', async () => {
  start(first);
  const known = saved('a', 'b', 'c');
  watch.seed(known);
  expect(watch.picture).toMatchObject({ instances: undefined, wasSeen: true });
  await first.answer(listed(), '1');
  expect(watch.picture.instances).toEqual(known);
  // The objects that callers had from the disk.
  expect(watch.picture.instances?.[0]).toBe(known[0]);
  expect(news).toEqual([{ kind: 'doubted', vanished: ['a', 'b', 'c'], known: 3 }]);
  await clock.advance(10_000);
  expect(watch.picture).toMatchObject({ instances: [], doubted: 0, wasSeen: true });
});

it('doubts it too when the disk is later than the answer, unless it is much later', async () => {
  start(first);
  await first.answer(listed(), '1');
  expect(ids()).toEqual([]);
  await clock.advance(5_000);
  watch.seed(saved('a', 'b', 'c'));
  expect(watch.picture.doubted).toBe(3);
  watch.close();
  first = new ScriptedDiscovery(clock);
  start(first);
  await first.answer(listed(), '1');
  await clock.advance(5_001);
  watch.seed(saved('a', 'b', 'c'));
  expect(watch.picture).toMatchObject({ instances: [], doubted: 0 });
});

it('believes a first answer with instances, and an empty one when fewer than three were saved', async () => {
  start(first);
  watch.seed(saved('a', 'b', 'c', 'd'));
  await first.answer(listed('d'), '1');
  expect(ids()).toEqual(['d']);
  watch.close();
  first = new ScriptedDiscovery(clock);
  start(first);
  watch.seed(saved('a', 'b'));
  await first.answer(listed(), '1');
  expect(watch.picture).toMatchObject({ instances: [], wasSeen: true });
  expect(news).toEqual([]);
});

it('doubts a first answer with few instances after polls that failed', async () => {
  start(first);
  watch.seed(saved('a', 'b', 'c'));
  await first.fail(down);
  await clock.advance(1_000);
  await first.answer(listed('a'), '1');
  expect(ids()).toEqual(['a', 'b', 'c']);
});

it('waits for all registries of a chain before it doubts', async () => {
  start(first, second);
  watch.seed(saved('a', 'b', 'c'));
  await first.answer(listed(), '1');
  await second.answer(listed('a', 'b', 'c'), '1');
  expect(ids()).toEqual(['a', 'b', 'c']);
  expect(news).toEqual([]);
  watch.close();
  [first, second] = [new ScriptedDiscovery(clock), new ScriptedDiscovery(clock)];
  start(first, second);
  watch.seed(saved('a', 'b', 'c'));
  await second.answer(listed(), '1');
  await first.fail(down);
  // What was saved is the level of the disk, until the preferred one answers.
  expect(watch.picture.doubted).toBe(0);
  await clock.advance(1_000);
  await first.answer(listed(), '1');
  expect(watch.picture.doubted).toBe(3);
});

it('knows a service to be gone that the registry says had instances', async () => {
  start(first);
  await first.answer(listed(), '1', { hadInstances: true });
  expect(watch.picture).toMatchObject({ instances: [], wasSeen: true });
});
