import { afterEach, beforeEach, expect, it } from 'vitest';
import { StoppedError } from '../../../src/core/errors.js';
import { ReadQueue } from '../../../src/discovery/read-queue.js';
import type { ReadTurn } from '../../../src/discovery/read-queue.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

let clock: FakeClock;
let queue: ReadQueue;
let read: string[];
let turns: ReadTurn[];
const stop = new AbortController();

beforeEach(() => {
  clock = new FakeClock();
  queue = new ReadQueue(clock);
  read = [];
  turns = [];
});
afterEach(() => {
  queue.close(new StoppedError('the test is over'));
  expect(clock.pending).toBe(0);
});

/** Waits for turns of a service until it fails. */
function follow(service: string, isDue = false): void {
  const part = queue.join(service);
  const next = async (due: boolean): Promise<void> => {
    const turn = await part.turn(due, stop.signal);
    read.push(service);
    turns.push(turn);
    void next(false).catch(() => undefined);
  };
  void next(isDue).catch(() => undefined);
}

async function endAll(): Promise<void> {
  for (let ended = turns.splice(0); ended.length > 0; ended = turns.splice(0)) {
    for (const { end } of ended) end();
    await settle();
  }
}

it('gives no turn before it is open, and four at a time then', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) follow(name, true);
  await settle();
  expect(read).toEqual([]);
  queue.open();
  await settle();
  expect(read).toEqual(['a', 'b', 'c', 'd']);
  turns.shift()?.end();
  await settle();
  expect(read).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('gives a turn to those that are named, before those that only may have changed', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) follow(name);
  queue.open();
  await settle();
  expect(read).toEqual([]);
  let tookMs: number | undefined;
  queue.sweep((ms) => (tookMs = ms));
  queue.name(new Set(['g', 'unknown']));
  await settle();
  await endAll();
  expect(read).toEqual(['a', 'b', 'c', 'd', 'g', 'e', 'f']);
  expect(tookMs).toBe(0);
});

it('knows a service by its name in another case', async () => {
  follow('Orders');
  queue.open();
  queue.name(new Set(['orders']));
  await settle();
  await endAll();
  expect(read).toEqual(['Orders']);
});

it('remembers a change that came during the read', async () => {
  follow('a', true);
  queue.open();
  await settle();
  const part = queue.join('b');
  const first = await part.turn(true, stop.signal);
  queue.name(new Set(['b']));
  first.end();
  await expect(part.turn(false, stop.signal)).resolves.toBeDefined();
});

it('fails those who wait when the feeds fail, and gives all a turn when they are back', async () => {
  const [a, b] = [queue.join('a'), queue.join('b')];
  queue.open();
  const waiting = [a.turn(false, stop.signal), b.turn(false, stop.signal)];
  queue.close(new Error('the feeds failed'));
  for (const each of waiting) await expect(each).rejects.toThrow('the feeds failed');
  const again = Promise.all([a.turn(false, stop.signal), b.turn(false, stop.signal)]);
  queue.restart();
  queue.open();
  expect((await again).map(({ restarted }) => restarted)).toEqual([true, true]);
});

it('forgets one that leaves or is aborted', async () => {
  const [a, b] = [queue.join('a'), queue.join('b')];
  const controller = new AbortController();
  const waiting = a.turn(true, controller.signal);
  controller.abort(new Error('closed'));
  await expect(waiting).rejects.toThrow('closed');
  await expect(a.turn(true, controller.signal)).rejects.toThrow('closed');
  a.leave();
  expect(queue.size).toBe(1);
  queue.open();
  (await b.turn(true, stop.signal)).end();
});

it('reads each within 5 min, whatever the feeds say', async () => {
  for (const name of ['a', 'b', 'c']) follow(name);
  queue.open();
  await clock.advance(300_000);
  await endAll();
  expect(read).toEqual(['a', 'b', 'c']);
});
