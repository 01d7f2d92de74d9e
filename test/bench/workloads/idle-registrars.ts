import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { RegistrarOptions } from '../../../src/index.js';
import { quantile } from '../../prove/experiment/statistics.js';
import type { Leftovers, MemoryPlan, MemoryReading, MemoryRow } from '../footprint/judge-footprint.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, further } = plan<MemoryPlan>();
const release = stayAlive();
const servers: Server[] = [];

/** What a Registrar could leave behind. */
function census(): Leftovers {
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const listeners = Object.fromEntries(process.eventNames().map((event) => [String(event), process.listenerCount(event)]));
  const onServers: Record<string, number> = {};
  for (const server of servers) {
    for (const event of server.eventNames()) onServers[String(event)] = (onServers[String(event)] ?? 0) + server.listenerCount(event);
  }
  return { resources, listeners, onServers };
}

/** The lowest of several: a resident set is never smaller than what is needed, but may be larger for a while. */
async function read(): Promise<MemoryReading> {
  const rss: number[] = [];
  for (let look = 0; look < 8; look += 1) {
    await collectGarbage();
    rss.push(process.memoryUsage.rss());
  }
  const { heapUsed, external } = process.memoryUsage();
  return { rss: quantile(rss, 0), heapUsed, external };
}

const { Registrar, consul } = await import('../../../src/index.js');
const bare = await read();

servers.push(createServer());
const before = census();

const optionsOf = (name: string): RegistrarOptions => ({ name, port: 1, registry: consul({ endpoints: [url] }) });
const first = new Registrar(optionsOf('idle-first'));
await first.start();
const one = await read();

const others = [];
for (let nth = 1; nth <= further; nth += 1) {
  const registrar = new Registrar(optionsOf(`idle-${nth}`));
  // One after another: a crowd that starts at once is not what is measured here.
  await registrar.start();
  others.push(registrar);
}
const all = await read();
const connections = process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

// One with a server, so that what it adds to that is seen to go, too.
const [server] = servers as [Server];
const bound = new Registrar({ name: 'idle-bound', registry: consul({ endpoints: [url] }), health: { path: '/health' } }).bind(server);
const started = bound.start();
server.listen(0, '127.0.0.1');
await started;
const during = census();

await Promise.all([first, bound, ...others].map((registrar) => registrar.stop()));
await collectGarbage();
const row: MemoryRow = { bare, one, all, further, connections, before, during, after: census() };
reportRow(row);
release();
