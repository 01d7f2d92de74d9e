import { once } from 'node:events';
import https from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createUnheldAgent } from '../../../src/net/http-agent.js';
import { tlsFault } from '../../../src/net/tls-errors.js';

it('gives up on a connection that does not come about, and says that nothing was sent', async () => {
  // Accepts, and never shakes hands.
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = createUnheldAgent(1, { connectMs: 50, tls: {} });
  const request = https.request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent });
  const [error] = (await once(request.end(), 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect', message: 'no connection within 50 ms' });
  agent.destroy();
  server.close();
});

it.each([
  ['resets', (socket: Socket) => socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy())],
  ['ends', (socket: Socket) => socket.on('error', () => undefined).once('data', () => socket.end())],
])('says so when a server %s the connection before TLS has begun', async (_what, onConnection) => {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = createUnheldAgent(1, { tls: {} });
  const request = https.request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent });
  const [error] = (await once(request.end(), 'error')) as [Error];
  expect(tlsFault(error)).toBe('no handshake');
  agent.destroy();
  server.close();
});
