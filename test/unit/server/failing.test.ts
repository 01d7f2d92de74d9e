import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { bindServer } from '../../../src/server/bound-server.js';
import { FakeClock } from '../../support/fake-clock.js';
import { simulatedLife } from '../../support/simulated-life.js';
import { listen, makeServer } from './real-servers.js';

const brokenAccept = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' });

describe('a server that tells of an error', () => {
  it('fails until there was none for a while, and nobody else is told less of it', async () => {
    const clock = new FakeClock();
    const server = makeServer('http');
    const bound = bindServer(server, { clock });
    await listen(server);
    const told: boolean[] = [];
    bound.onFailing(() => told.push(bound.isFailing));
    const heard: unknown[] = [];
    server.on('error', (error) => heard.push(error));
    server.emit('error', brokenAccept);
    await clock.advance(4_000);
    server.emit('error', brokenAccept);
    await clock.advance(4_999);
    expect(told).toEqual([true]);
    await clock.advance(1);
    expect(told).toEqual([true, false]);
    expect(heard).toHaveLength(2);
    bound.release();
    server.close();
  });

  it('before it listens says nothing: what is wrong then is for the host to see', async () => {
    const clock = new FakeClock();
    const taken = net.createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const server = makeServer('http');
    const bound = bindServer(server, { clock });
    server.listen((taken.address() as net.AddressInfo).port, '127.0.0.1');
    await once(server, 'error');
    expect(bound.isFailing).toBe(false);
    bound.release();
    taken.close();
  });

  it('is critical in the registry for as long', async () => {
    const { registrar, registry, clock } = simulatedLife();
    const server = makeServer('http').on('error', () => undefined);
    await listen(server);
    void registrar.bind(server).start();
    await clock.advance(500);
    expect(registry.passing).toHaveLength(1);
    server.emit('error', brokenAccept);
    await clock.advance(300);
    expect(registry.passing).toEqual([]);
    expect(registrar.health).toMatchObject({ status: 'critical', reason: 'the server fails' });
    await clock.advance(5_000);
    expect(registry.passing).toHaveLength(1);
    server.close();
    await clock.advance(30_000);
  });
});
