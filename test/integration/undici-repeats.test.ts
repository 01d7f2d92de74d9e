import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { FakeResolver } from 'rollcall/testing';
import type { ServiceView } from '../../src/discovery/service-view.js';
import { refusingOrigin } from '../support/http-instance.js';
import { undiciCopies } from '../support/undici-copies.js';
import { waitFor } from '../support/wait-for.js';
import { arrived, dispatcherOf, inTurns, instanceOf, resolverOf } from './fixtures/undici.js';
import { cleanUp } from './fixtures/live.js';

afterEach(cleanUp);

const unavailable = () => instanceOf((_, response) => response.writeHead(503).end('not now'));
const resetting = () => instanceOf((request) => request.socket.destroy());
const silent = () => instanceOf(() => {});
const url = 'http://orders.service/';

/** What the calls have shown of the instance at `origin`. */
function loadOf(resolver: FakeResolver, origin: string) {
  const { loads } = (resolver.service('orders', inTurns) as ServiceView).calls;
  return [...loads].find(({ instance }) => instance.origin === origin)!;
}

/** Half of them go to the bad one of two first, which the budget has room for. */
const REQUESTS = 6;

describe.each(undiciCopies)('undici $version', ({ undici }) => {
  it.each([
    ['a GET', { method: 'GET', body: () => null }],
    ['a POST with a text', { method: 'POST', body: () => 'text' }],
    ['a POST with a stream', { method: 'POST', body: () => Readable.from(['te', 'xt']) }],
    ['a POST with a generator', { method: 'POST', body: () => generated() as never }],
  ])('sends %s to another instance where the first refuses the connection', async (_, { method, body }) => {
    const dead = await refusingOrigin();
    const instance = await instanceOf();
    const resolver = resolverOf(dead, instance);
    const dispatcher = dispatcherOf(undici, resolver);
    for (let at = 0; at < REQUESTS; at += 1) {
      const answer = await undici.request(url, { dispatcher, method, body: body() });
      expect(await answer.body.text()).toBe(String(instance.port));
    }
    expect(instance.requests.map((each) => each.body)).toEqual(Array(REQUESTS).fill(body() === null ? '' : 'text'));
    expect(loadOf(resolver, dead).failures).toBeGreaterThan(0);
    expect(loadOf(resolver, instance.origin).failures).toBe(0);
  });

  it('sends what fetch has as a body to another instance likewise', async () => {
    const instance = await instanceOf();
    const dispatcher = dispatcherOf(undici, resolverOf(await refusingOrigin(), instance));
    for (let at = 0; at < REQUESTS; at += 1)
      await (await undici.fetch(url, { dispatcher, method: 'POST', body: 'text' })).text();
    expect(instance.requests.map(({ body }) => body)).toEqual(Array(REQUESTS).fill('text'));
  });

  it.each([
    ['a 503', unavailable],
    ['a connection that breaks', resetting],
  ])('repeats what is idempotent after %s', async (_, startBad) => {
    const [bad, good] = [await startBad(), await instanceOf()];
    const dispatcher = dispatcherOf(undici, resolverOf(bad, good));
    for (let at = 0; at < REQUESTS; at += 1) {
      const { statusCode, body } = await undici.request(url, { dispatcher, method: 'PUT', body: 'text' });
      expect([statusCode, await body.text()]).toEqual([200, String(good.port)]);
    }
    expect(arrived(good)).toBe(REQUESTS);
    expect(arrived(bad)).toBeGreaterThan(0);
  });

  it.each([
    ['a POST', { method: 'POST', body: 'text' }],
    ['a stream', { method: 'PUT', body: () => Readable.from(['text']) }],
    ['what its caller says must not arrive twice', { method: 'GET', idempotent: false }],
  ] as const)('never repeats %s that has arrived', async (_, { method, ...rest }) => {
    const [first, second] = [await unavailable(), await unavailable()];
    const dispatcher = dispatcherOf(undici, resolverOf(first, second));
    const body = 'body' in rest ? (typeof rest.body === 'function' ? rest.body() : rest.body) : null;
    const sent = { dispatcher, method, body, ...('idempotent' in rest && { idempotent: rest.idempotent }) };
    const answer = await undici.request(url, sent);
    expect([answer.statusCode, await answer.body.text()]).toEqual([503, 'not now']);
    expect(arrived(first, second)).toBe(1);
  });

  it('gives the last answer, and never a third attempt', async () => {
    const instances = [await unavailable(), await unavailable(), await unavailable()];
    const dispatcher = dispatcherOf(undici, resolverOf(...instances));
    const { statusCode, body } = await undici.request(url, { dispatcher });
    expect([statusCode, await body.text()]).toEqual([503, 'not now']);
    expect(arrived(...instances)).toBe(2);
  });

  it('repeats no more than the budget of the service', async () => {
    const instances = [await unavailable(), await unavailable(), await unavailable()];
    const dispatcher = dispatcherOf(undici, resolverOf(...instances));
    for (let at = 0; at < 100; at += 1) await (await undici.request(url, { dispatcher })).body.dump();
    // A fifth of them, and three a second of a loop of some hundred milliseconds.
    expect(arrived(...instances)).toBeGreaterThan(100);
    expect(arrived(...instances)).toBeLessThan(140);
  });

  it('gives the error of the last attempt where no instance can be reached', async () => {
    const dispatcher = dispatcherOf(undici, resolverOf(await refusingOrigin(), await refusingOrigin()));
    await expect(undici.request(url, { dispatcher })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each(['request', 'fetch'] as const)('neither counts nor repeats a %s that its caller gives up', async (kind) => {
    const instances = [await silent(), await silent()];
    const resolver = resolverOf(...instances);
    const dispatcher = dispatcherOf(undici, resolver);
    const controller = new AbortController();
    const call = undici[kind](url, { dispatcher, signal: controller.signal });
    await waitFor(() => arrived(...instances) === 1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    const loads = instances.map(({ origin }) => loadOf(resolver, origin));
    await waitFor(() => loads.every(({ pending }) => pending.count === 0));
    expect(loads.map(({ failures }) => failures)).toEqual([0, 0]);
    expect(arrived(...instances)).toBe(1);
  });

  it('counts a deadline of its caller against the instance, and repeats nothing then', async () => {
    const instances = [await silent(), await silent()];
    const resolver = resolverOf(...instances);
    const dispatcher = dispatcherOf(undici, resolver);
    await expect(undici.fetch(url, { dispatcher, signal: AbortSignal.timeout(200) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    const loads = instances.map(({ origin }) => loadOf(resolver, origin));
    await waitFor(() => loads.every(({ pending }) => pending.count === 0));
    expect(loads.map(({ failures }) => failures).sort()).toEqual([0, 1]);
    expect(arrived(...instances)).toBe(1);
  });

  it('repeats what an instance does not answer within headersTimeout', async () => {
    const [black, good] = [await silent(), await instanceOf()];
    const resolver = resolverOf(black, good);
    const dispatcher = dispatcherOf(undici, resolver);
    // undici checks such times every half a second, or so.
    const calls = Array.from({ length: 4 }, async () => {
      const { body } = await undici.request(url, { dispatcher, headersTimeout: 300 });
      return body.text();
    });
    expect(await Promise.all(calls)).toEqual(Array(4).fill(String(good.port)));
    expect(loadOf(resolver, black.origin).failures).toBe(arrived(black));
    expect(arrived(black)).toBeGreaterThan(0);
  });

  it('reads a dropped answer to its end if it is short, and ends its connection if not', async () => {
    let hasClosed = false;
    const endless = await instanceOf((_, response) => {
      response.writeHead(503);
      response.on('close', () => (hasClosed = true));
      const write = () => {
        while (response.write('x'.repeat(16_384)));
      };
      response.on('drain', write);
      write();
    });
    const good = await instanceOf();
    const dispatcher = dispatcherOf(undici, resolverOf(endless, good));
    while (arrived(endless) === 0)
      expect(await (await undici.request(url, { dispatcher })).body.text()).toBe(String(good.port));
    await waitFor(() => hasClosed);
  });

  it('counts each request as ended', async () => {
    const instance = await instanceOf();
    const resolver = resolverOf(instance);
    const dispatcher = dispatcherOf(undici, resolver);
    await Promise.all(Array.from({ length: 20 }, async () => (await undici.fetch(url, { dispatcher })).text()));
    const { failures, pending } = loadOf(resolver, instance.origin);
    expect({ begun: pending.begun, failures, pending: pending.count }).toEqual({ begun: 20, failures: 0, pending: 0 });
  });
});

async function* generated() {
  yield 'te';
  yield 'xt';
}
