import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RegistryNews, WatchedFrom } from '../../../src/contracts/discovery.js';
import type { StreamedService } from '../../../src/discovery/streamed-service.js';
import { ServiceStream } from '../../../src/discovery/service-stream.js';
import { FakeClock } from '../../support/fake-clock.js';
import { listed } from './scripted-discovery.js';

/** One call of `watch`. */
interface Call {
  readonly services: readonly WatchedFrom[];
  readonly tell: (news: RegistryNews) => void;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
  readonly signal: AbortSignal;
}

const { signal } = new AbortController();
let clock: FakeClock;
let calls: Call[];
let stream: ServiceStream;
let followed: StreamedService[];

beforeEach(() => {
  clock = new FakeClock();
  calls = [];
  followed = [];
  stream = new ServiceStream({
    name: 'etcd',
    clock,
    watch: (services, tell, until) =>
      new Promise((end, fail) => {
        calls.push({ services, tell, end, fail, signal: until });
        until.addEventListener('abort', () => fail(until.reason as Error), { once: true });
      }),
  });
});
afterEach(async () => {
  for (const each of followed) each.leave();
  await clock.advance(0);
  expect(calls.every((call) => call.signal.aborted)).toBe(true);
  expect(clock.pending).toBe(0);
});

function follow(service: string, revision?: number): StreamedService {
  const one = stream.follow(service, { instances: listed('a'), ...(revision !== undefined && { revision }) });
  followed.push(one);
  return one;
}

/** Opens the latest stream. */
function open(revision?: number): void {
  calls.at(-1)!.tell({ kind: 'open', revision });
}

const next = (one: StreamedService) => one.next(1_000, signal);

it('has one stream for services that come together, and replaces it when more come', async () => {
  const orders = follow('orders', 5);
  follow('users', 6);
  await clock.advance(10);
  open(6);
  expect(calls.map(({ services }) => services)).toEqual([
    [
      { service: 'orders', revision: 5 },
      { service: 'users', revision: 6 },
    ],
  ]);
  await next(orders);
  follow('carts', 7);
  await clock.advance(10);
  expect(calls).toHaveLength(2);
  // Until the successor is open, and a while longer, the first one goes on.
  calls[0]!.tell({ kind: 'changed', service: 'orders', revision: 8, present: listed('b'), gone: [] });
  expect(await next(orders)).toBe('changed');
  open(8);
  expect(calls[0]!.signal.aborted).toBe(false);
  await clock.advance(1_000);
  expect(calls.map((call) => call.signal.aborted)).toEqual([true, false]);
});

it('asks for progress by a successor every ten seconds, from the latest revisions', async () => {
  const orders = follow('orders', 5);
  await clock.advance(10);
  open(5);
  calls[0]!.tell({ kind: 'changed', service: 'orders', revision: 9, present: [], gone: ['a'] });
  await next(orders);
  await clock.advance(10_000);
  expect(calls.map(({ services }) => services.map(({ revision }) => revision))).toEqual([[5], [9]]);
  open(9);
  expect(await next(orders)).toBe('confirmed');
});

it('fails for all services when an open stream is silent', async () => {
  const orders = follow('orders', 5);
  await clock.advance(10);
  open(5);
  await next(orders);
  const failed = expect(next(orders)).rejects.toThrow('etcd did not open a watch within 5 s');
  await clock.advance(15_000);
  await failed;
  expect(calls.every((call) => call.signal.aborted)).toBe(true);
});

it('fails when an open stream breaks, and begins again for the services that are listed anew', async () => {
  const orders = follow('orders', 5);
  await clock.advance(10);
  open(5);
  await next(orders);
  calls[0]!.fail(new Error('broken'));
  await expect(next(orders)).rejects.toThrow('broken');
  follow('orders', 7);
  await clock.advance(2_000);
  expect(calls.at(-1)!.services).toEqual([{ service: 'orders', revision: 7 }]);
});

it('opens the next stream without a fault when the registry ends one', async () => {
  const orders = follow('orders', 5);
  await clock.advance(10);
  open(5);
  await next(orders);
  calls[0]!.end();
  await clock.advance(0);
  expect(calls).toHaveLength(2);
  calls[1]!.tell({ kind: 'open', revision: 5 });
  expect(await next(orders)).toBe('confirmed');
});

it('polls while no stream can be opened, and tries again', async () => {
  const orders = follow('orders', 5);
  await clock.advance(10);
  calls[0]!.fail(new Error('no such path'));
  const polled = next(orders);
  await clock.advance(1_000);
  expect(await polled).toBe('list');
  await clock.advance(10_000);
  expect(calls).toHaveLength(2);
  calls[1]!.end();
  await clock.advance(10_000);
  expect(calls).toHaveLength(3);
});

it('does without hints while their stream is broken', async () => {
  const orders = follow('orders');
  await clock.advance(10);
  open();
  calls[0]!.fail(new Error('broken'));
  const polled = next(orders);
  await clock.advance(1_000);
  expect(await polled).toBe('list');
  await clock.advance(10_000);
  expect(calls).toHaveLength(2);
});

it('opens no more than one stream a second after a burst of two', async () => {
  for (let service = 0; service < 5; service += 1) {
    follow(`service ${service}`, 5);
    await clock.advance(10);
    open(5);
  }
  expect(calls).toHaveLength(2);
  await clock.advance(1_000);
  expect(calls.map(({ services }) => services.length)).toEqual([1, 2, 5]);
});
