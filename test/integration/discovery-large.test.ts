import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import type * as Discovery from 'rollcall/discovery';
import { builtRollcall } from '../support/built.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, listeningServer, ownConsul, portOf } from './fixtures/live.js';

const { consul } = builtRollcall();
const built = fileURLToPath(new URL('../../dist/cjs/', import.meta.url));
const { createResolver } = createRequire(import.meta.url)(`${built}integrations/discovery.js`) as typeof Discovery;

afterEach(cleanUp);

it('takes in large answers in one worker thread, and keeps what is unchanged', async () => {
  let threads = 0;
  const note = () => (threads += 1);
  subscribe('worker_threads', note);
  later(() => unsubscribe('worker_threads', note));
  const agent = await ownConsul();
  const raw = rawConsul(agent.url);
  later(() => raw.close());
  const name = freshName('large');
  const put = async (at: number, port: number) => {
    const body = { ID: `${name}-${at}`, Name: name, Address: '10.0.0.1', Port: port, Meta: { text: 'x'.repeat(500) } };
    expect((await raw.put('/v1/agent/service/register', body)).status).toBe(200);
  };
  for (let at = 0; at < 250; at += 1) await put(at, 3000);
  const resolver = createResolver({ registry: consul({ endpoints: [agent.url] }), logger: false });
  later(() => resolver.close());
  const service = resolver.service(name);
  const { instances } = await service.ready({ timeout: '20s' });
  expect([instances.length, threads]).toEqual([250, 1]);
  await put(7, 4000);
  await waitFor(() => service.snapshot().instances.some(({ port }) => port === 4000), { timeoutMs: 20_000 });
  const before = new Set(instances);
  const changed = service.snapshot().instances.filter((each) => !before.has(each));
  expect([changed.map(({ id }) => id), threads]).toEqual([[`${name}-7`], 1]);
});

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

it.each([
  ['the thread does not hold the process open', [], 1],
  ['the answer is parsed without a thread where Node permits none', [permission, '--allow-fs-read=*'], 0],
])('%s', async (_what, flags, threads) => {
  const entries = Array.from({ length: 250 }, (_, at) => ({
    Node: { Node: 'n', Address: '10.0.0.1', ModifyIndex: 1 },
    Service: { ID: `orders-${at}`, Service: 'orders', Port: 3000, Meta: { text: 'x'.repeat(1_500) }, ModifyIndex: 1 },
    Checks: [],
  }));
  const body = JSON.stringify(entries);
  const server = await listeningServer((incoming, response) => {
    if (incoming.url?.includes('index=') === true) return;
    response.setHeader('x-consul-index', '7');
    response.end(incoming.url === '/v1/status/leader' ? '"10.0.0.1:8300"' : body);
  });
  const code = `
    let threads = 0;
    require('node:diagnostics_channel').subscribe('worker_threads', () => (threads += 1));
    const { consul } = require(${JSON.stringify(`${built}index.js`)});
    const { createResolver } = require(${JSON.stringify(`${built}integrations/discovery.js`)});
    const registry = consul({ endpoints: ['http://127.0.0.1:${portOf(server)}'] });
    const orders = createResolver({ registry, logger: false }).service('orders');
    orders.ready({ timeout: '10s' }).then(({ instances }) => console.log(instances.length, threads));`;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '--eval', code], { timeout: 20_000 });
  expect(stdout).toBe(`250 ${threads}\n`);
});
