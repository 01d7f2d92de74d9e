import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import { request as undiciRequest } from 'undici7';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasStreamBody, isIdempotent, judgeError, judgeResult } from '../../../src/balancing/judge-call.js';
import { makeAuthority } from '../../support/tls/certificates.js';

const refused = { outcome: 'refused', repeatable: 'always' };
const failed = { outcome: 'failed', repeatable: 'idempotent' };
const answered = { outcome: 'ok', repeatable: 'never' };

/** Answers with the status in the path, resets, or is silent. */
const server = createServer((request, response) => {
  const path = request.url?.slice(1) ?? '';
  if (path === 'reset') request.socket.resetAndDestroy();
  else if (path !== 'silent') response.writeHead(Number(path)).end('{}');
});
let origin = '';
let closedOrigin = '';
/** It shows a certificate of an authority that no client knows, and not that of the authority. */
let untrusted: Server;
let untrustedOrigin = '';
/** It ends each connection at the first bytes. */
const hasty = createTcpServer((socket) => socket.once('data', () => socket.end()).on('error', () => undefined));
let hastyOrigin = '';

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const authority = await makeAuthority();
  untrusted = createSecureServer(await authority.issue({ names: ['127.0.0.1'] }));
  await Promise.all([
    once(untrusted.listen(0, '127.0.0.1'), 'listening'),
    once(hasty.listen(0, '127.0.0.1'), 'listening'),
  ]);
  untrustedOrigin = `https://127.0.0.1:${(untrusted.address() as AddressInfo).port}`;
  hastyOrigin = `https://127.0.0.1:${(hasty.address() as AddressInfo).port}`;
  const closing = createTcpServer();
  await once(closing.listen(0, '127.0.0.1'), 'listening');
  closedOrigin = `http://127.0.0.1:${(closing.address() as AddressInfo).port}`;
  closing.close();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  untrusted.close();
  hasty.close();
});

type Client = (url: string, signal: AbortSignal | undefined) => Promise<unknown>;
const clients: Readonly<Record<string, Client>> = {
  axios: (url, signal) => axios.get(url, { ...(signal && { signal }) }),
  got: (url, signal) => got(url, { retry: { limit: 0 }, ...(signal && { signal }) }),
  ky: (url, signal) => ky.get(url, { retry: 0, ...(signal && { signal }) }),
  fetch: (url, signal) => fetch(url, { ...(signal && { signal }) }),
  undici: (url, signal) => undiciRequest(url, { ...(signal && { signal }) }),
};

describe.each(Object.entries(clients))('a call by %s', (_name, client) => {
  const judge = (path: string, signal?: AbortSignal) =>
    client(path.startsWith('http') ? path : `${origin}/${path}`, signal).then(judgeResult, judgeError);

  it('is never sent where the connection is refused', async () => {
    expect(await judge(`${closedOrigin}/`)).toEqual(refused);
  });

  it('is never sent to a server whose certificate is not trusted, or that does not speak TLS', async () => {
    expect(await judge(`${untrustedOrigin}/`)).toEqual(refused);
    expect(await judge(origin.replace('http:', 'https:'))).toEqual(refused);
    expect(await judge(`${hastyOrigin}/`)).toEqual(refused);
  });

  it('fails by a reset', async () => {
    expect(await judge('reset')).toEqual(failed);
  });

  it('is answered, whatever the status says of the request', async () => {
    for (const status of [200, 404, 429, 500])
      expect([status, await judge(String(status))]).toEqual([status, answered]);
  });

  it('fails by what a gateway says', async () => {
    for (const status of [502, 503, 504]) expect([status, await judge(String(status))]).toEqual([status, failed]);
  });
});

// axios and got say of every abort that it was canceled; `run` goes by the signal, which tells more.
describe.each(['ky', 'fetch', 'undici'])('the signal of a call by %s', (name) => {
  const judge = (signal: AbortSignal) => clients[name]!(`${origin}/silent`, signal).then(judgeResult, judgeError);

  it('says whether it took too long, or was given up', async () => {
    expect(await judge(AbortSignal.timeout(50))).toEqual(failed);
    const controller = new AbortController();
    const judged = judge(controller.signal);
    controller.abort();
    expect(await judged).toMatchObject({ outcome: 'ignored' });
  });
});

describe('an error', () => {
  it('names its method where the client does', async () => {
    const thrown = (call: Promise<unknown>) =>
      call.then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(isIdempotent(await thrown(axios.get(closedOrigin)))).toBe(true);
    expect(isIdempotent(await thrown(axios.post(closedOrigin, {})))).toBe(false);
    expect(isIdempotent(await thrown(got(closedOrigin, { retry: { limit: 0 } })))).toBe(true);
    expect(isIdempotent(await thrown(got.post(closedOrigin, { retry: { limit: 0 } })))).toBe(false);
    expect(isIdempotent(await thrown(ky.post(`${origin}/503`, { retry: 0 })))).toBe(false);
    expect(isIdempotent(new Error('unknown'))).toBeUndefined();
    expect(isIdempotent(undefined)).toBeUndefined();
  });

  it('shows a body that can be sent once', () => {
    expect(hasStreamBody({ config: { data: { pipe: () => undefined } } })).toBe(true);
    expect(hasStreamBody({ config: { data: 'text' } })).toBe(false);
    expect(hasStreamBody(undefined)).toBe(false);
  });

  it('of the code, or of no kind that is known, tells nothing', () => {
    for (const thrown of [new TypeError('x is not a function'), new Error('?'), 'text', undefined, null])
      expect(judgeError(thrown)).toEqual({ outcome: 'ignored', repeatable: 'never' });
  });

  it('has causes, and one for each address that was tried', () => {
    const code = (text: string) => Object.assign(new Error(text), { code: text });
    expect(judgeError(new Error('outer', { cause: code('ECONNRESET') }))).toEqual(failed);
    expect(judgeError(new AggregateError([code('ECONNREFUSED'), code('ECONNREFUSED')]))).toEqual(refused);
    expect(judgeError(Object.assign(code('ETIMEDOUT'), { syscall: 'connect' }))).toEqual(refused);
    expect(judgeError(code('DEPTH_ZERO_SELF_SIGNED_CERT'))).toEqual(refused);
    expect(judgeError(code('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'))).toEqual(failed);
    const endless = new Error('endless');
    endless.cause = endless;
    expect(judgeError(endless)).toMatchObject({ outcome: 'ignored' });
  });
});
