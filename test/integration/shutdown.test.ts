import { afterEach, describe, expect, inject, it } from 'vitest';
import { startConsulPair } from '../support/servers/consul-server.js';
import { startNewerConsul } from '../support/newer-consul.js';
import { waitFor } from '../support/wait-for.js';
import { catalogOf, cleanUp, freshName, later, portOf, proxyBefore, registeredOn } from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const shared = inject('consulUrl');

afterEach(cleanUp);

describe('leaving', () => {
  it.each(['this', 'a newer'])(
    'is confirmed on %s Consul: absent at the agent and for readers, before serving ends',
    async (age) => {
      const name = freshName('leave');
      let url = shared;
      if (age === 'a newer') {
        const proxy = await startNewerConsul(shared);
        later(() => proxy.close());
        url = proxy.url;
      }
      const { registrar, events, id, server } = await registeredOn(url, {
        name,
        shutdown: { signals: false, drain: { min: '500ms', quiet: 0, max: '5s' }, timeout: '10s' },
      });
      const catalog = catalogOf(shared);
      const place = `http://127.0.0.1:${portOf(server)}/`;
      const stopping = registrar.stop();
      expect(await events.next('deregistered')).toMatchObject({ confirmed: true });
      expect([await catalog.entries(name), (await catalog.held()).includes(id)]).toEqual([[], false]);
      expect((await fetch(place)).status).toBe(200);
      await stopping;
      expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
      await expect(fetch(place)).rejects.toThrow('fetch failed');
    },
  );

  it('answers the health paths with 503, but the liveness one, and all else as ever', async () => {
    const name = freshName('health');
    const { registrar, events, server } = await registeredOn(shared, {
      name,
      health: { path: '/health' },
      shutdown: { signals: false, drain: { min: '1s', quiet: 0, max: '5s' }, timeout: '10s' },
    });
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${portOf(server)}${path}`)).status;
    expect(await Promise.all(['/health', '/health/ready', '/health/live'].map(status))).toEqual([200, 200, 200]);
    const stopping = registrar.stop();
    await events.next('draining');
    expect(await Promise.all(['/health', '/health/ready', '/health/live', '/'].map(status))).toEqual([
      503, 503, 200, 200,
    ]);
    await stopping;
  });

  it('says so when it has to close at the end of its time although requests still come', async () => {
    const name = freshName('still-coming');
    const shutdown = { signals: false, drain: { min: 0, max: '1s' }, timeout: '10s' } as const;
    const { registrar, events, server } = await registeredOn(shared, { name, shutdown });
    const place = `http://127.0.0.1:${portOf(server)}/`;
    await fetch(place);
    const stopping = registrar.stop();
    while ((await fetch(place).catch(() => undefined)) !== undefined);
    await stopping;
    const warnings = events.of('warning').map(({ message }) => message);
    expect(
      warnings.filter((message) =>
        message.startsWith(
          'closing at the end of shutdown.drain.max (1000 ms), although requests still come from 127.0.0.1',
        ),
      ),
    ).toHaveLength(1);
  });

  it('is not confirmed at a client agent whose server is dead, and serving goes on until the TTL has run out', async () => {
    const pair = await startConsulPair();
    later(() => pair.stop());
    const name = freshName('server-dead');
    const shutdown = { signals: false, drain: { min: 0, quiet: 0, max: '20s' }, timeout: '25s' } as const;
    const { registrar, events, server } = await registeredOn(pair.client.url, { name, ttl: '2s', shutdown });
    const atServer = catalogOf(pair.server.url);
    await waitFor(async () => (await atServer.passing(name)).length === 1);
    await pair.server.kill();
    const stopping = registrar.stop();
    await events.next('draining');
    expect((await fetch(`http://127.0.0.1:${portOf(server)}/`)).status).toBe(200);
    await stopping;
    expect(events.of('deregistered')).toMatchObject([{ confirmed: false }]);
    // The last beat may have been just under a third of the TTL old; readers get two seconds more to notice.
    expect(events.of('stopped')[0]!.tookMs).toBeGreaterThan(2_500);
    expect(registrar.state).toBe('stopped');
  });

  it('waits for what was cut off on the wire: a register that arrives after the deregister does not bring the entry back', async () => {
    const proxy = await proxyBefore(shared);
    const name = freshName('late-register');
    const shutdown = { signals: false, drain: { min: 0, quiet: 0, max: '15s' }, timeout: '20s' } as const;
    const { registrar, events, id } = await registeredOn(proxy.url, {
      name,
      ttl: '60s',
      heartbeat: { interval: '30s' },
      shutdown,
    });
    let letRegisterPass = () => {};
    const seenAbsent = new Promise<void>((resolve) => (letRegisterPass = resolve));
    const order: string[] = [];
    await proxy.intercept(async ({ path }) => {
      if (path.includes('/service/register')) {
        order.push('register is on the wire');
        await seenAbsent;
      }
      return undefined;
    });
    let absences = 0;
    await proxy.rewrite(({ path, status }) => {
      const [, verb] = /service\/(register|deregister)/.exec(path) ?? [];
      if (verb !== undefined) order.push(verb);
      if (path.includes('/health/service/id/') && status === 404) absences += 1;
      // An agent that was stuck may work off what it has buffered after its first answers. On a busy machine, the
      // second look may come when the second is over in which that counts.
      if (absences === 1) letRegisterPass();
      return undefined;
    });
    const refused = expect(registrar.update({ tags: ['late'] })).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    await waitFor(() => order.length > 0);
    await Promise.all([registrar.stop(), refused]);
    expect(order).toEqual(['register is on the wire', 'deregister', 'register', 'deregister']);
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    const catalog = catalogOf(shared);
    const watching = watchService(catalog, name);
    await watching.looks(50);
    expect(await watching.stop()).toEqual(['absent']);
    expect(await catalog.held()).not.toContain(id);
  });
});
