import { afterEach, beforeEach, expect, it } from 'vitest';
import { LongPollShare } from '../../../src/discovery/long-poll-share.js';
import { ServiceWatch } from '../../../src/discovery/service-watch.js';
import { SnapshotKeeper } from '../../../src/discovery/snapshot-keeper.js';
import type { SnapshotFiles } from '../../../src/discovery/snapshot-keeper.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedDiscovery, listed } from './scripted-discovery.js';

const key = { registry: 'memory', service: 'orders', datacenter: undefined };

let clock: FakeClock;
let discovery: ScriptedDiscovery;
let watch: ServiceWatch;
let keeper: SnapshotKeeper;
let saved: string[];
let problems: string[];
let otherSavedAgoMs: number;
let save: () => Promise<void>;

beforeEach(() => {
  clock = new FakeClock();
  discovery = new ScriptedDiscovery(clock);
  saved = [];
  problems = [];
  otherSavedAgoMs = Infinity;
  save = () => Promise.resolve();
  watch = new ServiceWatch({
    service: 'orders',
    sources: [
      {
        name: 'memory',
        discovery,
        isLocal: true,
        longPolls: new LongPollShare(Infinity),
      },
    ],
    options: {},
    clock,
    random: () => 1,
  });
  const store: SnapshotFiles = {
    load: () => Promise.reject(new Error('no disk')),
    async save(_key, savedAt, instances) {
      await save();
      saved.push(`${savedAt - 1_700_000_000_000} ${instances.map(({ id }) => id).join()}`);
    },
    savedAgoMs: () => Promise.resolve(otherSavedAgoMs),
  };
  keeper = new SnapshotKeeper({
    key,
    watch,
    openStore: () => Promise.resolve(store),
    clock,
    onProblem: ({ message }) => problems.push(message),
  });
  watch.start();
});
afterEach(() => {
  keeper.close();
  watch.close();
  expect(clock.pending).toBe(0);
});

it('saves what the registry says, at most once a second', async () => {
  await discovery.answer(listed('a'), '1');
  await discovery.answer(listed('a', 'b'), '2');
  await clock.advance(1_000);
  await discovery.answer(listed('a', 'b', 'c'), '3');
  expect(saved).toEqual(['0 a', '0 a,b']);
  await clock.advance(1_000);
  expect(saved).toEqual(['0 a', '0 a,b', '1000 a,b,c']);
});

it('does not save a service that was never seen', async () => {
  await discovery.answer(listed(), '1');
  await clock.advance(120_000);
  expect(saved).toEqual([]);
});

it('saves that all have gone, but nothing that is doubted', async () => {
  await discovery.answer(listed('a', 'b', 'c'), '1');
  await clock.advance(20_000);
  await discovery.answer(listed(), '2');
  await clock.advance(9_000);
  expect(saved).toEqual(['0 a,b,c']);
  await clock.advance(2_000);
  expect(saved).toEqual(['0 a,b,c', '20000 ']);
});

it('confirms an unchanged service each minute, unless another process has', async () => {
  await discovery.answer(listed('a'), '1');
  await clock.advance(59_999);
  await discovery.answer(listed('a'), '2');
  await clock.advance(1);
  await discovery.answer(listed('a'), '3');
  expect(saved).toEqual(['0 a', '60000 a']);
  otherSavedAgoMs = 10_000;
  await clock.advance(60_000);
  await discovery.answer(listed('a'), '4');
  expect(saved).toHaveLength(2);
});

it('tries again later after a failure, and reports it once', async () => {
  save = () => Promise.reject(new Error('no space left on device'));
  await discovery.answer(listed('a'), '1');
  await clock.advance(25_000);
  expect(problems).toEqual(['no space left on device']);
  save = () => Promise.resolve();
  await clock.advance(10_000);
  expect(saved).toEqual(['0 a']);
});

it('does not wait for a disk that hangs', async () => {
  save = () => new Promise(() => undefined);
  await discovery.answer(listed('a'), '1');
  await clock.advance(5_000);
  expect(problems).toEqual(['writing the snapshot of orders took longer than 5000 ms']);
});

it('has nothing where the disk cannot be read', async () => {
  expect(await keeper.load()).toBeUndefined();
  expect(problems).toEqual(['no disk']);
});
