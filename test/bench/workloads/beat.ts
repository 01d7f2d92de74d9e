import { systemClock } from '../../../src/core/clock.js';
import { consul } from '../../../src/backends/consul/consul-registry.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { GuardedRegistry } from '../../../src/registries/guarded-registry.js';
import { seededRandom } from '../../support/seeded.js';
import { shuffled } from '../shuffled.js';
import type { BeatPlan, BeatRow } from '../beat/judge-beat.js';
import { RawClient } from './raw-client.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, pairs, beats, seed } = plan<BeatPlan>();
const release = stayAlive();
const random = seededRandom(seed);
const report = { status: 'passing', reason: 'ok' } as const;
const { signal } = new AbortController();

// As the core beats: bounded, with the deadline of the default interval.
const registry = new GuardedRegistry(consul({ endpoints: [url] }), systemClock, 'unpaced');
const instance: ServiceInstance = {
  name: 'bench',
  id: 'bench',
  address: '127.0.0.1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'bench',
  ttlMs: 600_000,
  checks: [],
};
const registration = await registry.register(instance, report, signal);

const raw = new RawClient(url);
const path = '/v1/agent/check/update/bench:ttl';
const body = Buffer.from(JSON.stringify({ Status: 'passing', Output: 'ok' }));

const contestants = {
  ours: () => registration.renew(report, signal),
  raw: () => raw.put(path, body),
  // The same once more: what differs between these two is noise.
  rawAgain: () => raw.put(path, body),
};

/** CPU of this process and time on the wall, microseconds a beat. */
async function measure(beat: () => Promise<unknown>, times: number): Promise<{ cpu: number; wall: number }> {
  await collectGarbage();
  const startedAt = performance.now();
  const before = process.cpuUsage();
  for (let beaten = 0; beaten < times; beaten += 1) await beat();
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / times, wall: ((performance.now() - startedAt) * 1000) / times };
}

for (const beat of Object.values(contestants)) await measure(beat, 3_000);
for (let pair = 1; pair <= pairs; pair += 1) {
  const order = shuffled(Object.keys(contestants) as (keyof typeof contestants)[], random);
  const row: BeatRow = { pair, order, cpu: { ours: 0, raw: 0, rawAgain: 0 }, wall: { ours: 0, raw: 0, rawAgain: 0 } };
  for (const name of order) {
    const { cpu, wall } = await measure(contestants[name], beats);
    row.cpu[name] = cpu;
    row.wall[name] = wall;
  }
  reportRow(row);
}
await registration.deregister(signal);
await registry.close();
raw.close();
release();
