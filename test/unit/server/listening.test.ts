import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { bindServer } from '../../../src/server/bound-server.js';
import { footprint, listen, makeServer } from './real-servers.js';

const servers: Server[] = [];
const never = new AbortController().signal;

function bound(kind: Parameters<typeof makeServer>[0]) {
  const server = makeServer(kind);
  servers.push(server);
  return { server, bound: bindServer(server, { clock: systemClock }) };
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('where a server listens', () => {
  it.each(['http', 'https', 'h2c', 'h2', 'tcp'] as const)(
    'is told with its protocol for %s, whether it listens later or already',
    async (kind) => {
      const { server, bound: watched } = bound(kind);
      const early = watched.listening(never);
      expect(watched.isListening).toBe(false);
      const port = await listen(server);
      expect(await early).toEqual({ address: '127.0.0.1', port, protocol: kind });
      expect(await watched.listening(never)).toEqual({ address: '127.0.0.1', port, protocol: kind });
      expect(watched.isListening).toBe(true);
    },
  );

  it('rejects with the reason of the signal and leaves no listener behind', async () => {
    const { server, bound: watched } = bound('http');
    const before = footprint(server);
    const abort = new AbortController();
    const waiting = watched.listening(abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(watched.listening(abort.signal)).rejects.toThrow('enough');
    expect(footprint(server)).toEqual(before);
  });

  it('is refused for a Unix socket, by name', async () => {
    const { server, bound: watched } = bound('http');
    const dir = mkdtempSync(join(tmpdir(), 'rollcall-'));
    const path = join(dir, 'socket');
    const waiting = watched.listening(never);
    server.listen(path);
    await expect(waiting).rejects.toMatchObject({
      code: 'ROLLCALL_CONFIG',
      issues: [{ field: 'server', value: path }],
    });
    rmSync(dir, { recursive: true });
  });

  it("puts no error listener on the server, so that EADDRINUSE stays the host's", async () => {
    const { server, bound: watched } = bound('http');
    const abort = new AbortController();
    const waiting = watched.listening(abort.signal);
    expect(server.listenerCount('error')).toBe(0);
    const other = net.createServer();
    servers.push(other);
    const port = await listen(other);
    const failed = once(server, 'error');
    server.listen(port, '127.0.0.1');
    expect(await failed).toMatchObject([{ code: 'EADDRINUSE' }]);
    abort.abort();
    await expect(waiting).rejects.toThrow();
  });
});

describe('a server closed by its host', () => {
  it('is noticed at the call, while a request is still in flight', async () => {
    const { server, bound: watched } = bound('http');
    const port = await listen(server);
    const socket = net.connect(port, '127.0.0.1');
    const connected = once(server, 'connection');
    socket.write('GET / HTTP/1.1\r\n');
    await connected;
    let told = 0;
    watched.onClosed(() => {
      told += 1;
    });
    const cancelled = watched.onClosed(() => {
      told += 100;
    });
    cancelled();
    server.close();
    expect(told).toBe(1);
    const closed = once(server, 'close');
    socket.destroy();
    await closed;
    expect(told).toBe(1);
  });

  it('is noticed at the event when the method was gone round', async () => {
    const { server, bound: watched } = bound('tcp');
    await listen(server);
    const told = new Promise<void>((resolve) => {
      watched.onClosed(resolve);
    });
    net.Server.prototype.close.call(server);
    await told;
    expect(watched.isListening).toBe(false);
  });

  it('is not what a host does that closes between two tries to listen', async () => {
    const { server, bound: watched } = bound('http');
    const taken = makeServer('http');
    servers.push(taken);
    const port = await listen(taken);
    let told = false;
    watched.onClosed(() => {
      told = true;
    });
    const failed = once(server, 'error');
    server.listen(port, '127.0.0.1');
    await failed;
    const said = once(server, 'close');
    server.close();
    await said;
    await listen(server);
    expect(told).toBe(false);
    expect((await watched.listening(never)).protocol).toBe('http');
  });

  it('passes the callback and the result of close through', async () => {
    const { server } = bound('http');
    await listen(server);
    const closed = new Promise<Error | undefined>((resolve) => {
      expect(server.close(resolve)).toBe(server);
    });
    expect(await closed).toBeUndefined();
  });
});
