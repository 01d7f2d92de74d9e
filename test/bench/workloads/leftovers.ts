import { once } from 'node:events';
import { createServer } from 'node:http';
import { Registrar, consul } from 'rollcall';
import type { LeftoversPlan, LeftoversRow } from '../footprint/judge-footprint.js';
import { Census } from './census.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, further } = plan<LeftoversPlan>();
const release = stayAlive();
const server = createServer((_request, response) => response.end('ok'));
const census = new Census(server);
const before = await census.count();

const bound = new Registrar({
  name: 'left-bound',
  registry: consul({ endpoints: [url] }),
  health: { path: '/health' },
}).bind(server);
const started = bound.start();
server.listen(0, '127.0.0.1');
await started;
const others = Array.from(
  { length: further },
  (_, nth) => new Registrar({ name: `left-${nth}`, port: 1, registry: consul({ endpoints: [url] }) }),
);
for (const registrar of others) await registrar.start();
const during = await census.count();

const closed = once(server, 'close');
await Promise.all([bound, ...others].map((registrar) => registrar.stop()));
await closed;
// A socket that was destroyed is closed a turn of the event loop later.
await collectGarbage();
const row: LeftoversRow = { before, during, after: await census.count() };
reportRow(row);
release();
