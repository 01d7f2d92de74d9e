import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { bindServer } from '../../../src/server/bound-server.js';
import { listen, makeServer } from './real-servers.js';

const SIZE = 30_000_000;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

/** A client that stops reading in the middle of the answer; `rest` reads on and resolves to all bytes. */
async function slowReader(port: number): Promise<{ rest: () => Promise<number> }> {
  const socket = net.connect(port, '127.0.0.1');
  open.push(() => socket.destroy());
  socket.on('error', () => {});
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  socket.pause();
  const gone = once(socket, 'close');
  return {
    async rest() {
      socket.resume();
      await gone;
      return bytes;
    },
  };
}

describe('a large answer that a slow reader has not received yet', () => {
  const makeLarge = () => makeServer('http', (_, response) => response.end(Buffer.alloc(SIZE)));

  it('is cut off by Node itself, or this library would not have to care', async () => {
    if (Number(process.versions.node.split('.')[0]) > 20) return;
    const server = makeLarge();
    const reader = await slowReader(await listen(server));
    server.close();
    expect(await reader.rest()).toBeLessThan(SIZE);
  });

  it.each(['close', 'closeIdleConnections'] as const)('arrives whole although the host calls %s()', async (method) => {
    const server = makeLarge();
    const bound = bindServer(server, { clock: systemClock });
    const reader = await slowReader(await listen(server));
    (server as unknown as Record<string, () => void>)[method]!();
    const closing = bound.close(new AbortController().signal);
    expect(await reader.rest()).toBeGreaterThan(SIZE);
    await closing;
  });

  it('arrives whole although rollcall closes the server', async () => {
    const server = makeLarge();
    const bound = bindServer(server, { clock: systemClock });
    const reader = await slowReader(await listen(server));
    const closing = bound.close(new AbortController().signal);
    expect(await reader.rest()).toBeGreaterThan(SIZE);
    await closing;
  });
});
