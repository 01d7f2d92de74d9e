// What hurt users of other libraries' watches, each on a real agent: the name says what must never happen.
import { afterEach, describe, expect, inject, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { catalogOf, cleanUp, freshName, proxyBefore, registeredOn } from './fixtures/live.js';

const url = inject('consulUrl');
const text = { headers: { 'content-type': 'text/plain' } };
const isHeldLook = (path: string) => path.includes('wait=');
/** The next beat is far away: what happens sooner came from the held look. */
const rareBeats = { ttl: '60s', heartbeat: { interval: '30s' } };

afterEach(cleanUp);

describe('the held look', () => {
  it('never spins when the agent does not hold it', async () => {
    const name = freshName('spin');
    const proxy = await proxyBefore(url);
    let looks = 0;
    let hash: string | undefined;
    await proxy.rewrite(({ path, headers }) => {
      if (path.includes(`/agent/service/${name}`)) hash = headers['x-consul-contenthash'] as string;
      return undefined;
    });
    await proxy.intercept(({ path }) => {
      if (!isHeldLook(path)) return undefined;
      looks += 1;
      return { headers: { 'x-consul-contenthash': hash }, body: '{}' };
    });
    const { events } = await registeredOn(proxy.url, { name, id: name, ttl: '6s', heartbeat: { interval: '1s' } });
    events.clear();
    looks = 0;
    const from = performance.now();
    for (let beat = 1; beat <= 6; beat += 1) await events.next('beat');
    // At most one in 250 ms.
    expect(looks).toBeLessThanOrEqual((performance.now() - from) / 250 + 2);
    expect(looks).toBeGreaterThan(0);
  });

  it.each([
    ['a 400', async () => ({ ...text, status: 400, body: 'bad index' })],
    ['a 500', async () => ({ ...text, status: 500, body: 'No cluster leader' })],
  ])('never ends for good because of %s', async (_, answer) => {
    const name = freshName('look-error');
    const proxy = await proxyBefore(url);
    let refused = 0;
    await proxy.intercept(({ path }) => {
      if (!isHeldLook(path) || refused === 2) return undefined;
      refused += 1;
      return answer();
    });
    const { events, id } = await registeredOn(proxy.url, { name, ...rareBeats });
    await waitFor(() => refused === 2);
    await waitFor(() => proxy.inFlight > 0);
    await catalogOf(url).deregister(id);
    await events.next('recovered');
  });

  it('never stays deaf after the network dropped its connection', async () => {
    const name = freshName('deaf');
    const proxy = await proxyBefore(url);
    const { events, id } = await registeredOn(proxy.url, { name, ...rareBeats });
    await waitFor(() => proxy.inFlight > 0);
    await proxy.reset();
    await events.next('beatMissed');
    events.clear();
    await proxy.pass();
    await events.next('beat');
    await waitFor(() => proxy.inFlight > 0);
    await catalogOf(url).deregister(id);
    await events.next('recovered');
  });
});
