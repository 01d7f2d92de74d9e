import { createServer } from 'node:http';
import type { Server } from 'node:http';
import express from 'express';
import { afterEach, expect, it } from 'vitest';
import { memory, register } from 'rollcall';
import type { RegistrarStatus } from 'rollcall';
import { registerCluster } from 'rollcall/cluster';
import { recordEvents } from '../support/record-events.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { cleanUp, later, listeningServer, portOf } from '../integration/fixtures/live.js';

const ignore = () => undefined;

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

it('a worker of a sticky primary never listens, and says that it serves in the wrong process', async () => {
  const cluster = forkService(new URL('fixtures/sticky.ts', import.meta.url));
  const { port } = await cluster.waitForMessage((message): message is { port: number } => 'port' in Object(message));
  const { warning } = await cluster.waitForMessage(
    (message): message is { warning: string } => 'warning' in Object(message),
  );
  expect(warning).toContain('waiting for the server to listen');
  const status = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as RegistrarStatus;
  expect(status).toMatchObject({
    state: 'waiting',
    waitingFor: 'the server to listen',
    trouble: { code: 'ROLLCALL_NOT_READY', message: expect.stringContaining('is handed connections') as string },
  });
});

it('a primary without a worker that registers says so, until it stops', async () => {
  const lines: string[] = [];
  const warned = new Promise<void>((resolve) => {
    const warn = (_fields: object, line: string) => {
      lines.push(line);
      resolve();
    };
    const logger = { debug: ignore, info: ignore, warn, error: ignore };
    void registerCluster({ name: 'orders', registry: memory(), wait: '100ms', logger }).then((primary) =>
      later(() => primary.stop()),
    );
  });
  await warned;
  expect(lines).toEqual([
    expect.stringMatching(/^orders: not registered after \d+ms, no worker serves it: call register/),
  ]);
});

it('a listen of Express 5 that failed into its callback is named with the port that is taken', async () => {
  const taken = portOf(await listeningServer());
  let swallowed: unknown;
  const server = express().listen(taken, '127.0.0.1', (error) => (swallowed = error));
  later(() => server.close());
  const registrar = await register(server, { name: 'taken', registry: memory(), wait: '200ms', logger: false });
  later(() => registrar.stop());
  const { message } = await recordEvents(registrar).next('warning');
  expect(swallowed).toMatchObject({ code: 'EADDRINUSE' });
  expect(message).toContain(`EADDRINUSE: address already in use 127.0.0.1:${taken}`);
  expect(registrar.status().trouble?.message).toContain('EADDRINUSE');
});

it('a server whose port is taken rejects with that error where it is required, and the server stays with the app', async () => {
  const taken = portOf(await listeningServer());
  const server: Server = createServer();
  server.on('error', () => undefined);
  server.listen(taken, '127.0.0.1');
  const registering = register(server, {
    name: 'taken',
    registry: memory(),
    wait: '200ms',
    required: true,
    logger: false,
  });
  await expect(registering).rejects.toMatchObject({ code: 'ROLLCALL_NOT_READY', cause: { code: 'EADDRINUSE' } });
});
