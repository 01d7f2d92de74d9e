import { afterEach, beforeEach, expect, it } from 'vitest';
import { StreamedService } from '../../../src/discovery/streamed-service.js';
import { FakeClock } from '../../support/fake-clock.js';
import { listed } from './scripted-discovery.js';

const { signal } = new AbortController();
const service = 'orders';
let clock: FakeClock;
let left: StreamedService[];
let followed: StreamedService;

function follow(revision: number | undefined): void {
  const listing = { instances: listed('a', 'b'), ...(revision !== undefined && { revision }) };
  followed = new StreamedService(service, listing, { clock, onLeave: (one) => left.push(one) });
}
const next = () => followed.next(1_000, signal);
const ids = () => followed.instances.map(({ id }) => id);
const change = (revision: number, present: string[], gone: string[] = []) => {
  followed.take({ kind: 'changed', service, revision, present: listed(...present), gone });
};

beforeEach(() => {
  clock = new FakeClock();
  left = [];
  follow(10);
});
afterEach(() => {
  followed.leave();
  expect(clock.pending).toBe(0);
});

it('applies each change once, although two streams tell it', async () => {
  followed.take({ kind: 'open', revision: 10 });
  expect(await next()).toBe('confirmed');
  change(11, ['c'], ['a']);
  change(12, [], ['c']);
  // The successor begins in the past.
  change(11, ['c'], ['a']);
  expect(await next()).toBe('changed');
  expect(ids()).toEqual(['b']);
  expect(followed.revision).toBe(12);
});

it('asks for a list each second until a stream tells every change', async () => {
  const first = next();
  await clock.advance(1_000);
  expect(await first).toBe('list');
  followed.take({ kind: 'open', revision: 10 });
  await next();
  let isDone = false;
  const second = next().then(() => (isDone = true));
  await clock.advance(60_000);
  expect(isDone).toBe(false);
  change(11, ['c']);
  await second;
});

it('asks for a list when a hint is not followed by its change, and for none when it is', async () => {
  followed.take({ kind: 'open', revision: 10 });
  await next();
  followed.take({ kind: 'hint', service, revision: 11 });
  change(11, ['c']);
  change(12, ['d']);
  followed.take({ kind: 'hint', service, revision: 12 });
  // Of the time before the list.
  followed.take({ kind: 'hint', service, revision: 10 });
  expect(await next()).toBe('changed');
  let news: string | undefined;
  const waiting = next().then((each) => (news = each));
  await clock.advance(1_000);
  expect(news).toBeUndefined();
  followed.take({ kind: 'hint', service, revision: 13 });
  await clock.advance(99);
  expect(news).toBeUndefined();
  await clock.advance(1);
  await waiting;
  expect(news).toBe('list');
});

it.each([
  ['restarted', { kind: 'open', revision: 9 }],
  ['lost', { kind: 'lost', service }],
  ['list', { kind: 'open', revision: 10_011 }],
] as const)('tells that only a list helps: %s', async (expected, news) => {
  followed.take(news);
  expect(await next()).toBe(expected);
});

it('keeps what a stream has told against an older list, and believes one that shows a new history', () => {
  followed.take({ kind: 'open', revision: 10 });
  change(12, ['c']);
  expect(followed.listed({ instances: listed('a'), revision: 11 })).toBe(false);
  expect(ids()).toEqual(['a', 'b', 'c']);
  follow(10);
  expect(followed.listed({ instances: listed('a'), revision: 3 })).toBe(true);
  expect(ids()).toEqual(['a']);
});

it('takes every hint of a registry without revisions for a reason to list, and polls beside it', async () => {
  follow(undefined);
  followed.take({ kind: 'open' });
  followed.take({ kind: 'hint', service });
  expect(await next()).toBe('list');
  const polled = next();
  await clock.advance(1_000);
  expect(await polled).toBe('list');
});

it('fails with the stream, also for those who wait, and can be left', async () => {
  const waiting = next();
  followed.fail(new Error('broken'));
  await expect(waiting).rejects.toThrow('broken');
  await expect(next()).rejects.toThrow('broken');
  followed.leave();
  expect(left).toEqual([followed]);
});
