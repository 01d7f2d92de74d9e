import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { ResolvedService } from 'rollcall/discovery';
import { seededRandom } from '../../support/seeded.js';
import { putInstance } from '../resolve/catalog-load.js';
import type { LoadedInstance } from '../resolve/catalog-load.js';
import type { ManyPlan, ManyRow, ManyUse } from '../resolve/judge-resolve.js';
import { RawClient } from './raw-client.js';
import { plan, reportRow, stayAlive } from './report-row.js';

const { url, services, changes, seed } = plan<ManyPlan>();
const release = stayAlive();
const random = seededRandom(seed);
const writer = new RawClient(url);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const names = Array.from({ length: services }, (_, at) => `many-${at}`);
for (const name of names) await putInstance(writer, { service: name, id: `${name}-1` });
const open = new Set<Socket>();
let sockets = 0;
subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket };
  open.add(socket);
  sockets = Math.max(sockets, open.size);
  socket.once('close', () => open.delete(socket));
});
const resolver = createResolver({ registry: consul({ endpoints: [url] }), logger: false });
const watched = names.map((name) => resolver.service(name));
while (watched.some((service) => service.snapshot().source !== 'live')) await sleep(20);

/** Milliseconds from the write to the sight. */
async function follow(service: ResolvedService, instance: Omit<LoadedInstance, 'service'>, count: number) {
  const from = performance.now();
  const isSeen = () => service.snapshot().instances.length === count;
  const sight = new Promise<number>((resolve) => {
    const stop = service.events.on('changed', () => {
      if (!isSeen()) return;
      stop();
      resolve(performance.now() - from);
    });
  });
  await putInstance(writer, { ...instance, service: service.name });
  return sight;
}

/** CPU of this process, of one core, while `work` runs. */
async function cpuShare(work: () => Promise<unknown>): Promise<number> {
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return (user + system) / 1_000 / (performance.now() - from);
}

const pick = () => watched[Math.floor(random() * services)] as ResolvedService;
const report = (row: ManyRow | ManyUse) => reportRow(row);

// What the start left to do.
await sleep(3_000);
const idleShare = await cpuShare(() => sleep(10_000));
const busyShare = await cpuShare(async () => {
  for (let change = 0; change < changes; change += 1) {
    const service = pick();
    for (const status of ['critical', 'passing'] as const) {
      const count = status === 'critical' ? 0 : 1;
      report({ kind: 'status', ms: await follow(service, { id: `${service.name}-1`, status }, count) });
      await sleep(1_000);
    }
  }
});
for (let change = 0; change < changes; change += 1) {
  const service = pick();
  const { length } = service.snapshot().instances;
  const id = `${service.name}-more-${change}`;
  const ms = await follow(service, { id }, length + 1);
  report({ kind: 'newcomer', ms });
  // So rarely that each is looked for at once.
  await sleep(10_000);
}
report({ kind: 'use', sockets, idleShare, busyShare });
await resolver.close();
writer.close();
release();
