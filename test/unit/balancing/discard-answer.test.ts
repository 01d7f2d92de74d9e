import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IncomingMessage, Server } from 'node:http';
import axios from 'axios';
import ky from 'ky';
import { request as undiciRequest } from 'undici7';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { discardAnswer } from '../../../src/balancing/discard-answer.js';
import { fakeResolver } from '../../../src/integrations/testing/fake-resolver.js';

/** More than the buffers of a connection hold. */
const BODY = Buffer.alloc(16 * 1024 * 1024);

let server: Server;
let origin = '';
/** Resolve when the connection of an answer with 503 is free, or closed. */
let ended: Promise<unknown>[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    if (ended.length > 0 && request.url !== '/again') {
      response.end('fine');
      return;
    }
    ended.push(once(response, 'close'));
    response.writeHead(503).end(BODY);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  ended = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const clients: Readonly<Record<string, (url: string, signal?: AbortSignal) => Promise<unknown>>> = {
  'node:http': (url, signal) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { ...(signal && { signal }) })
        .on('response', resolve)
        .on('error', reject);
    }),
  fetch: (url, signal) => fetch(url, { ...(signal && { signal }) }),
  undici: (url, signal) => undiciRequest(url, { ...(signal && { signal }) }),
  axios: (url, signal) => axios.get(url, { responseType: 'stream', ...(signal && { signal }) }),
  ky: (url, signal) => ky.get(url, { retry: 0, ...(signal && { signal }) }),
};

describe.each(Object.entries(clients))('an answer to %s', (_name, client) => {
  it('is let go of when its call is sent to another instance', async () => {
    const orders = fakeResolver({ orders: [origin] }).service('orders');
    await orders.run((base, { signal }) => client(`${base}/`, signal), { idempotent: true });
    expect(ended).toHaveLength(1);
    await Promise.all(ended);
  });

  it('is let go of when it comes after its attempt was over', async () => {
    const orders = fakeResolver({ orders: [origin] }).service('orders');
    let came: Promise<unknown> = Promise.resolve();
    const late = orders.run(
      (base) => {
        // It ignores the signal.
        came = client(`${base}/again`);
        return came;
      },
      { timeout: 1 },
    );
    await expect(late).rejects.toThrow('did not answer');
    await came.catch(() => undefined);
    await Promise.all(ended);
  });
});

it('lets anything else alone', () => {
  for (const answer of [undefined, null, 'text', 5, {}, { status: 503 }, { body: 'text' }, new Error('?')])
    expect(() => discardAnswer(answer)).not.toThrow();
  const throwing = () => {
    throw new Error('in use');
  };
  expect(() => discardAnswer({ body: { cancel: throwing }, data: { resume: throwing } })).not.toThrow();
});
