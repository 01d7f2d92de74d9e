import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { EtcdClient } from '../../../../src/backends/etcd/etcd-client.js';
import { refusal } from '../../../../src/backends/etcd/etcd-errors.js';
import { resolveEtcdOptions } from '../../../../src/backends/etcd/etcd-options.js';
import { readEtcdEnv } from '../../../../src/backends/etcd/etcd-env.js';
import { TimeoutError } from '../../../../src/core/errors.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

interface Asked {
  readonly path: string;
  readonly token: string | undefined;
}

interface Member {
  readonly url: string;
  readonly asked: Asked[];
}

/** A member that answers as told; undefined: not at all. */
async function member(answer: (asked: Asked) => [status: number, body: object] | undefined): Promise<Member> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const one = { path: request.url ?? '', token: request.headers.authorization };
    asked.push(one);
    const [status, body] = answer(one) ?? [];
    if (status !== undefined) response.writeHead(status).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function clientOf(
  endpoints: readonly string[],
  credentials: { username?: string; password?: string } = {},
): EtcdClient {
  const client = new EtcdClient(resolveEtcdOptions({ endpoints, ...credentials }, readEtcdEnv({})));
  cleanups.push(() => client.close());
  return client;
}

const request = { operation: 'renew', path: '/lease/keepalive', pool: 'beat', body: { ID: '7' } } as const;
const none = new AbortController().signal;
const fine = () => [200, { result: {} }] as [number, object];
/** As 3.6 and later say it. */
const learner = () => [400, { code: 9, message: 'etcdserver: rpc not supported for learner' }] as [number, object];
const noLeader = () => [503, { code: 14, message: 'etcdserver: no leader' }] as [number, object];
const nobody = 'http://127.0.0.1:1';

describe('of several members', () => {
  it('the next is asked when one is not there or has no leader, and stays the one that is asked', async () => {
    const leaderless = await member(noLeader);
    const good = await member(fine);
    const client = clientOf([nobody, leaderless.url, good.url]);
    for (let time = 1; time <= 3; time += 1) expect((await client.send(request, none)).status).toBe(200);
    expect([leaderless.asked.length, good.asked.length]).toEqual([1, 3]);
  });

  it('the next is asked when one is a learner, which does not serve what we ask', async () => {
    const young = await member(learner);
    const good = await member(fine);
    const client = clientOf([young.url, good.url]);
    for (let time = 1; time <= 2; time += 1) expect((await client.send(request, none)).status).toBe(200);
    expect([young.asked.length, good.asked.length]).toEqual([1, 2]);
  });

  it('none is asked twice for one verb, and what the last one said counts', async () => {
    const first = await member(noLeader);
    const second = await member(noLeader);
    expect((await clientOf([first.url, second.url]).send(request, none)).status).toBe(503);
    expect([first.asked.length, second.asked.length]).toEqual([1, 1]);
    await expect(clientOf([nobody, 'http://127.0.0.1:2']).send(request, none)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(
        /127\.0\.0\.1:1, .*127\.0\.0\.1:2 could not be reached for renew \(ECONNREFUSED\)/,
      ) as string,
    });
  });

  it('another is asked next time when one let the deadline pass, but not when the caller changed his mind', async () => {
    const hung = await member(() => undefined);
    const good = await member(fine);
    const client = clientOf([hung.url, good.url]);
    for (const reason of [new Error('changed my mind'), new TimeoutError('too long')]) {
      const controller = new AbortController();
      const before = hung.asked.length;
      const sending = client.send(request, controller.signal);
      while (hung.asked.length === before) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(reason);
      await expect(sending).rejects.toBe(reason);
    }
    expect((await client.send(request, none)).status).toBe(200);
    expect([hung.asked.length, good.asked.length]).toEqual([2, 1]);
  });
});

describe('with a name and a password', () => {
  const credentials = { username: 'me', password: 'pw' };

  it('the bare token is sent, and asked for again once when it is not known any more', async () => {
    let valid = 'first';
    const server = await member(({ path, token }) => {
      if (path === '/v3/auth/authenticate') return [200, { token: valid }];
      return token === valid ? fine() : [401, { code: 16, message: 'etcdserver: invalid auth token' }];
    });
    const client = clientOf([server.url], credentials);
    await client.send(request, none);
    valid = 'second';
    expect((await client.send(request, none)).status).toBe(200);
    expect(server.asked).toEqual([
      { path: '/v3/auth/authenticate', token: undefined },
      { path: '/v3/lease/keepalive', token: 'first' },
      { path: '/v3/lease/keepalive', token: 'first' },
      { path: '/v3/auth/authenticate', token: undefined },
      { path: '/v3/lease/keepalive', token: 'second' },
    ]);
  });

  it('a member that never takes the token is not asked without end', async () => {
    const server = await member(({ path }) =>
      path === '/v3/auth/authenticate'
        ? [200, { token: 't' }]
        : [401, { code: 16, message: 'etcdserver: invalid auth token' }],
    );
    const client = clientOf([server.url], credentials);
    expect((await client.send(request, none)).status).toBe(401);
    expect((await client.send(request, none)).status).toBe(401);
    expect(server.asked.filter(({ path }) => path === '/v3/lease/keepalive')).toHaveLength(3);
  });

  it('a login that takes longer than a heartbeat may take goes on, and is asked for once', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const asked: string[] = [];
    const server = createServer((request_, response) => {
      asked.push(`${request_.url ?? ''} ${request_.headers.authorization ?? ''}`);
      if (request_.url === '/v3/auth/authenticate') void answered.then(() => response.end('{"token":"t"}'));
      else response.end('{"result":{}}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const client = clientOf([`http://127.0.0.1:${(server.address() as AddressInfo).port}`], credentials);
    for (let beat = 1; beat <= 3; beat += 1) {
      const tooLate = new AbortController();
      const sending = client.send(request, tooLate.signal);
      while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
      tooLate.abort(new TimeoutError('too late'));
      await expect(sending).rejects.toThrow('too late');
    }
    const sending = client.send(request, none);
    answer();
    expect((await sending).status).toBe(200);
    expect(asked).toEqual(['/v3/auth/authenticate ', '/v3/lease/keepalive t']);
  });

  it('a wrong password is a refusal without the password in it', async () => {
    const server = await member(() => [
      400,
      { error: 'x', code: 3, message: 'etcdserver: authentication failed, invalid user ID or password' },
    ]);
    const sending = clientOf([server.url], { username: 'me', password: 'hunter2' }).send(request, none);
    await expect(sending).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: expect.not.stringContaining('hunter2') as string,
    });
  });

  it('no token is sent where none is needed, until one is', async () => {
    let enabled = false;
    const server = await member(({ path, token }) => {
      if (path === '/v3/auth/authenticate')
        return enabled
          ? [200, { token: 't' }]
          : [400, { code: 9, message: 'etcdserver: authentication is not enabled' }];
      return enabled && token !== 't' ? [400, { code: 3, message: 'etcdserver: user name is empty' }] : fine();
    });
    const client = clientOf([server.url], credentials);
    expect((await client.send(request, none)).status).toBe(200);
    enabled = true;
    expect((await client.send(request, none)).status).toBe(200);
  });
});

describe('an answer', () => {
  /** A server that writes what the test says, in pieces. */
  async function streamOf(pieces: Iterable<string | Buffer>) {
    let closed: () => void = () => undefined;
    const isClosed = new Promise<void>((resolve) => (closed = resolve));
    const server = createServer((_request, response) => {
      response.on('close', closed);
      response.on('error', () => undefined);
      response.writeHead(200);
      const writing = pieces[Symbol.iterator]();
      const write = () => {
        for (let next = writing.next(); next.done !== true && !response.destroyed; next = writing.next())
          if (!response.write(next.value)) {
            response.once('drain', write);
            return;
          }
      };
      write();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, isClosed };
  }

  function* endless(): Iterable<Buffer> {
    for (;;) yield Buffer.alloc(16 * 1024, ' ');
  }

  it.each([
    ['look', 'maxLookBytes'],
    ['list', 'maxListBytes'],
  ] as const)('that never ends is cut off at the cap of a %s, which the error names', async (cap, option) => {
    const { url, isClosed } = await streamOf(endless());
    const client = new EtcdClient(resolveEtcdOptions({ endpoints: [url], [option]: 65_536 }, readEtcdEnv({})));
    cleanups.push(() => client.close());
    await expect(client.send({ ...request, cap }, none)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(
        new RegExp(`longer than 65536 bytes, the most that etcd\\(\\{ ${option} \\}\\) allows.*raise that option`),
      ) as string,
    });
    await isClosed;
  });

  it('that is a stream is over with the last message that is needed, wherever its bytes are split', async () => {
    const lines = '{"result":{"created":true}}\n\n{"result":{"events":[{"key":"käse"}]}}\n{"result":{}}\n';
    for (const size of [1, 7, 64, 1_000]) {
      const bytes = Buffer.from(lines);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      const { url, isClosed } = await streamOf(pieces);
      const isLast = (message: unknown) => JSON.stringify(message).includes('events');
      const answer = await clientOf([url]).send({ ...request, isLast }, none);
      expect(answer.body).toEqual({ result: { events: [{ key: 'käse' }] } });
      await isClosed;
    }
  });

  it('that echoes our credentials does not bring them into a message', async () => {
    const password = 'p@ss/w"ord';
    const server = await member(({ path, token = '' }) =>
      path === '/v3/auth/authenticate'
        ? [200, { token: 'token-of-etcd.7' }]
        : [502, { message: [token, password, encodeURIComponent(password), btoa(password)].join(' ') }],
    );
    const client = clientOf([server.url], { username: 'me', password });
    const { message } = refusal(await client.send(request, none), 'read', client.shown);
    expect(message).toContain(': (hidden) (hidden) (hidden) (hidden). ');
  });
});
