import type { IncomingMessage, ServerResponse } from 'node:http';
import { consulKv } from 'rollcall';
import type { ConfigSource, ConsulOptions } from 'rollcall';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanUp, later, listeningServer, portOf } from './fixtures/live.js';

const signal = new AbortController().signal;
afterEach(cleanUp);

async function sourceBefore(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  key = 'config/orders',
  options: ConsulOptions = {},
): Promise<ConfigSource> {
  const server = await listeningServer(listener);
  const source = consulKv(key, { endpoints: [`http://127.0.0.1:${portOf(server)}`], ...options });
  later(() => source.close());
  return source;
}

const pairs = (tags: string) =>
  JSON.stringify([{ Key: 'config/orders/tags', Value: Buffer.from(tags).toString('base64') }]);

describe('the consul KV source on the wire', () => {
  it('waits from an index of 1 on, and asks for everything when the index fell', async () => {
    const asked: string[] = [];
    const indexes = ['0', '7', '3', '4'];
    const source = await sourceBefore((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('x-consul-index', indexes.shift() ?? '');
      response.end(pairs('a'));
    });
    let cursor: string | undefined;
    for (let poll = 0; poll < 4; poll += 1) ({ cursor } = await source.poll(cursor, signal));
    const path = '/v1/kv/config/orders?recurse=true';
    expect(asked).toEqual([path, `${path}&index=1&wait=30s`, `${path}&index=7&wait=30s`, path]);
    expect(cursor).toBe('4');
  });

  it('sends the key as one path, a trailing slash left out, with its scope', async () => {
    const asked: string[] = [];
    const source = await sourceBefore(
      (request, response) => {
        asked.push(`${request.url} ${String(request.headers['x-consul-token'])}`);
        response.end('[]');
      },
      'config/a b?c#d/',
      { token: 'secret', namespace: 'team' },
    );
    await source.poll(undefined, signal);
    expect(asked).toEqual(['/v1/kv/config/a%20b%3Fc%23d?recurse=true&ns=team secret']);
    expect(source.name).not.toContain('secret');
  });

  it('takes a 404 for an empty source only from a Consul', async () => {
    let index: string | undefined = '5';
    const source = await sourceBefore((_request, response) => {
      response.statusCode = 404;
      if (index !== undefined) response.setHeader('x-consul-index', index);
      response.end();
    });
    expect(await source.poll(undefined, signal)).toEqual({ cursor: '5' });
    index = undefined;
    await expect(source.poll(undefined, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
  });

  it.each(['<html>', '{}', '[1', '[null]'])('does not take %s for an answer of Consul', async (body) => {
    const source = await sourceBefore((_request, response) => response.end(body));
    await expect(source.poll(undefined, signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining("not Consul's") as string,
    });
  });

  it('ends a held poll with its signal, and every poll when it is closed', async () => {
    const closed: Promise<unknown>[] = [];
    const source = await sourceBefore((request) => {
      closed.push(new Promise((resolve) => request.socket.once('close', resolve)));
    });
    const controller = new AbortController();
    const held = source.poll('7', controller.signal);
    const read = source.poll(undefined, signal);
    await expect.poll(() => closed.length).toBe(2);
    controller.abort(new Error('enough'));
    await expect(held).rejects.toThrow('enough');
    const ended = expect(read).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    await source.close();
    await ended;
    await Promise.all(closed);
  });

  it.each(['', '/config', 'config//orders', '../secrets', 'a%2fb', undefined])(
    'refuses a key that no path can carry: %j',
    (key) => {
      expect(() => consulKv(key as string)).toThrow(expect.objectContaining({ code: 'ROLLCALL_CONFIG' }));
    },
  );
});
