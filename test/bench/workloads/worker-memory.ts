import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registrar, consul } from 'rollcall';
import { quantile } from '../../prove/experiment/statistics.js';
import type { WorkerMemoryPlan, WorkerMemoryRow } from '../worker/judge-worker.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, thread, further } = plan<WorkerMemoryPlan>();
const release = stayAlive();

/** The lowest of several: a resident set is never smaller than what is needed, but may be larger for a while. */
async function resident(): Promise<number> {
  const looks: number[] = [];
  for (let look = 0; look < 8; look += 1) {
    await collectGarbage();
    looks.push(process.memoryUsage.rss());
  }
  return quantile(looks, 0);
}

// A host that has been at work, as in the bench of the footprint.
const server = createServer((_request, response) => response.end('ok'));
server.listen(0, '127.0.0.1');
await once(server, 'listening');
for (let nth = 0; nth < 3_000; nth += 1) {
  const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
}

const registrars: Registrar[] = [];
async function startOne(): Promise<void> {
  const registrar = new Registrar({
    name: `idle-${registrars.length}`,
    port: 1,
    registry: consul({ endpoints: [url] }),
    logger: false,
    heartbeat: { thread },
    shutdown: { drain: { min: 0, quiet: 0, max: '1s' } },
  });
  registrars.push(registrar);
  await registrar.start();
  if (registrar.status().thread !== thread)
    throw new Error(`beats come from the ${String(registrar.status().thread)} thread`);
}
await startOne();
const one = await resident();
for (let nth = 1; nth <= further; nth += 1) await startOne();
const row: WorkerMemoryRow = { one, all: await resident() };
await Promise.all(registrars.map((registrar) => registrar.stop()));
server.close();
reportRow(row);
release();
