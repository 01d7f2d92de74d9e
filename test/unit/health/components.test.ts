import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import perfHooks from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import { disk, eventLoop, gauge, memory, ping, tcp } from 'rollcall/components';
import type { ReadyMade } from 'rollcall/components';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { outcomeOf } from '../../../src/health/component.js';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const runOf = async ({ run }: ReadyMade, signal = new AbortController().signal) => outcomeOf(await run(signal));

describe('gauge', () => {
  it.each([
    [{ warn: 10, critical: 20 }, 9.9, 'passing'],
    [{ warn: 10, critical: 20 }, 10, 'warning'],
    [{ warn: 10, critical: 20 }, 20, 'critical'],
    [{ warn: 10 }, 1e9, 'warning'],
    [{ critical: 10 }, 9, 'passing'],
    [{ warn: 5, critical: 2 }, 6, 'passing'],
    [{ warn: 5, critical: 2 }, 5, 'warning'],
    [{ warn: 5, critical: 2 }, 0, 'critical'],
    [{ warn: 5, critical: 2 }, NaN, 'critical'],
  ] as const)('with %j takes %d for %s', async (limits, value, status) => {
    expect(await runOf(gauge(() => value, limits))).toMatchObject({ status });
    expect(await runOf(gauge(async () => value, limits))).toMatchObject({ status });
  });

  it('says what it read, and fails as the reading does', async () => {
    expect(await runOf(gauge(() => 12, { warn: 10 }))).toMatchObject({ detail: '12' });
    await expect(runOf(gauge(() => Promise.reject(new Error('no broker')), { warn: 10 }))).rejects.toThrow('no broker');
  });
});

describe('ping', () => {
  async function urlThatAnswers(status: number, headers = {}) {
    const server = createServer((_, response) => response.writeHead(status, headers).end('body')).listen(
      0,
      '127.0.0.1',
    );
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/up` };
  }

  it.each([
    [200, 'passing'],
    [204, 'passing'],
    [301, 'critical'],
    [404, 'critical'],
    [503, 'critical'],
  ])('takes HTTP %i for %s', async (status, expected) => {
    const { url } = await urlThatAnswers(status, { location: '/up' });
    expect(await runOf(ping(url))).toMatchObject({
      status: expected,
      ...(expected === 'critical' && { detail: `HTTP ${status}` }),
    });
  });

  it('fails with what happened on the way', async () => {
    const { server, url } = await urlThatAnswers(200);
    server.close();
    await once(server, 'close');
    await expect(runOf(ping(url))).rejects.toThrow('ECONNREFUSED');
  });

  it('ends when its signal aborts', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    const over = new AbortController();
    const pinging = runOf(ping(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), over.signal);
    await once(server, 'request');
    over.abort(new Error('too late'));
    await expect(pinging).rejects.toThrow('too late');
  });

  it.each([
    'search.internal',
    'ftp://search.internal/',
    'http://app:hunter2@search.internal/',
    'htp:/x//app:hunter2@search',
  ])('refuses %s at once, and shows no password', (url) => {
    expect(() => ping(url)).toThrow(
      expect.objectContaining({ code: 'ROLLCALL_CONFIG', message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('tcp', () => {
  it('takes a connection for an answer, and no connection for a failure', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await runOf(tcp('127.0.0.1', port))).toMatchObject({ status: 'passing' });
    server.close();
    await once(server, 'close');
    await expect(runOf(tcp('127.0.0.1', port))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

it.each([
  ['', 1],
  ['[::1]', 1],
  ['mail.internal', 0],
  ['mail.internal', 70_000],
])('tcp refuses %s port %d at once', (host, port) => {
  expect(() => tcp(host, port)).toThrow(expect.objectContaining({ code: 'ROLLCALL_CONFIG' }));
});

it('memory goes by the share that is used', async () => {
  expect(await runOf(memory())).toMatchObject({ status: 'passing', detail: expect.stringMatching(/^\d+ %$/) });
  expect(await runOf(memory({ warn: 0 }))).toMatchObject({ status: 'warning' });
  expect(await runOf(memory({ warn: 0, critical: 1e-9 }))).toMatchObject({ status: 'critical' });
});

it('disk goes by the share that is full of the file system that holds the path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-disk-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  expect(await runOf(disk(folder, { warn: 1.1 }))).toMatchObject({
    status: 'passing',
    detail: expect.stringMatching(/^\d+ %$/),
  });
  expect(await runOf(disk(folder, { critical: 0 }))).toMatchObject({ status: 'critical' });
  await expect(runOf(disk(join(folder, 'gone')))).rejects.toThrow('ENOENT');
});

describe('eventLoop', () => {
  const loop = () => new Promise((resolve) => setTimeout(resolve, 50));
  const stall = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };

  it('sees a stall once', async () => {
    const component = eventLoop({ warn: 500, critical: '1s' });
    await runOf(component);
    await loop();
    stall(1_100);
    await loop();
    expect(await runOf(component)).toMatchObject({ status: 'critical' });
    await loop();
    expect(await runOf(component)).not.toMatchObject({ status: 'critical' });
    expect(await runOf(eventLoop({ warn: '1h' }))).toMatchObject({ status: 'passing' });
  });

  it('lets its sampler go when it is closed, and takes another when it is run again', async () => {
    const monitored = vi.spyOn(perfHooks, 'monitorEventLoopDelay');
    syncBuiltinESMExports();
    cleanups.push(() => {
      monitored.mockRestore();
      syncBuiltinESMExports();
    });
    const component = eventLoop();
    await component.close?.();
    await runOf(component);
    await component.close?.();
    await runOf(component);
    const histograms = monitored.mock.results.map(({ value }) => value as IntervalHistogram);
    // To disable one says whether it was enabled.
    expect(histograms.map((histogram) => histogram.disable())).toEqual([false, true]);
  });

  it.each([[{ warn: 'soon' }], [{ warn: '2s', critical: '1s' }]])('refuses %j', (limits) => {
    expect(() => eventLoop(limits)).toThrow(expect.objectContaining({ code: 'ROLLCALL_CONFIG' }));
  });
});
