import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registrar } from 'rollcall';
import type { MemoryPlan, MemoryReading, MemoryRow } from '../footprint/judge-footprint.js';
import { quantile } from '../../prove/experiment/statistics.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, warm, further } = plan<MemoryPlan>();
const release = stayAlive();

function privateRss(): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

/** The lowest of several: a resident set is never smaller than what is needed, but may be larger for a while. */
async function read(): Promise<MemoryReading> {
  const rss: number[] = [];
  const own: number[] = [];
  for (let look = 0; look < 8; look += 1) {
    await collectGarbage();
    rss.push(process.memoryUsage.rss());
    own.push(privateRss());
  }
  const { heapUsed, external } = process.memoryUsage();
  return { rss: quantile(rss, 0), privateRss: quantile(own, 0), heapUsed, external };
}

// The host is there before us, and has been at work: the pages of Node's own program that any work touches (its compiler
// among them) are not ours.
const server = createServer((_request, response) => response.end('ok'));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
for (let nth = 0; nth < 3_000; nth += 1) {
  const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
}

const { Registrar: Loaded, consul } = await import('rollcall');
const imported = await read();

const registrars: Registrar[] = [];
async function startOne(): Promise<void> {
  const registrar = new Loaded({ name: `idle-${registrars.length}`, port: 1, registry: consul({ endpoints: [url] }) });
  registrars.push(registrar);
  await registrar.start();
}
await startOne();
const one = await read();
// One after another: a crowd that starts at once is not what is measured here.
for (let nth = 1; nth <= warm; nth += 1) await startOne();
const warmed = await read();
for (let nth = 1; nth <= further; nth += 1) await startOne();
const all = await read();

await Promise.all(registrars.map((registrar) => registrar.stop()));
server.close();
const row: MemoryRow = { warm, further, imported, one, warmed, all };
reportRow(row);
release();
