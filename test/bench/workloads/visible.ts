import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Registrar, consul } from 'rollcall';
import { seededRandom } from '../../support/seeded.js';
import { shuffled } from '../shuffled.js';
import type { Contestant, VisiblePlan, VisibleRow } from '../visible/judge-visible.js';
import { RawClient } from './raw-client.js';
import { plan, reportRow, stayAlive } from './report-row.js';
import type { Sight } from './visible-reader.js';

const { url, pairs, seed } = plan<VisiblePlan>();
const release = stayAlive();
const random = seededRandom(seed);
// A thread of its own: a reader beside the Registrar would slow down what it looks at.
const reader = new Worker(new URL('visible-reader.js', import.meta.url), { workerData: url });
const raw = new RawClient(url);

/** Calls `act` once the reader holds its query; milliseconds from there until `name` is listed, and passing. */
async function follow(name: string, act: () => Promise<unknown>): Promise<{ listed: number; passing: number }> {
  reader.postMessage(name);
  await once(reader, 'message');
  const seen = once(reader, 'message') as Promise<[Sight]>;
  const startedAt = Number(process.hrtime.bigint()) / 1e6;
  const acting = act();
  const [{ listedAt, passingAt }] = await seen;
  await acting;
  return { listed: listedAt - startedAt, passing: passingAt - startedAt };
}

/** Only the modules are loaded already. Registrars with the same token share their connections. */
function newRegistrar(name: string, token?: string): Registrar {
  const registry = consul({ endpoints: [url], ...(token !== undefined && { token }) });
  return new Registrar({
    name,
    port: 1,
    registry,
    logger: false,
    shutdown: { signals: false, drain: { min: 0, quiet: 0, max: 0 } },
  });
}

async function start(registrar: Registrar, name: string): Promise<{ listed: number; passing: number }> {
  const times = await follow(name, () => registrar.start());
  await registrar.stop();
  return times;
}

/**
 * A further Registrar of a process: another request has just left a connection open for it. The stop before closes the one
 * that its long poll was on, and the neighbour's long poll keeps its own.
 */
async function ours(name: string): Promise<{ listed: number; passing: number }> {
  await opener.read({ name, id: name }, new AbortController().signal);
  return start(newRegistrar(name), name);
}

/** The first of a process, which has to connect. */
const oursFresh = (name: string) => start(newRegistrar(name, name), name);

/** One PUT over a connection that is open already: the fastest there is. */
async function rawPut(name: string): Promise<{ listed: number; passing: number }> {
  const body = { Name: name, ID: name, Port: 1, Checks: [{ CheckID: `${name}:ttl`, TTL: '10s', Status: 'passing' }] };
  const times = await follow(name, () => raw.put('/v1/agent/service/register', Buffer.from(JSON.stringify(body))));
  await raw.put(`/v1/agent/service/deregister/${name}`, Buffer.from(''));
  return times;
}

/** The same over a connection that has to be opened first, as ours has to. */
async function rawFresh(name: string): Promise<{ listed: number; passing: number }> {
  const fresh = new RawClient(url);
  const body = { Name: name, ID: name, Port: 1, Checks: [{ CheckID: `${name}:ttl`, TTL: '10s', Status: 'passing' }] };
  const times = await follow(name, () => fresh.put('/v1/agent/service/register', Buffer.from(JSON.stringify(body))));
  fresh.close();
  await raw.put(`/v1/agent/service/deregister/${name}`, Buffer.from(''));
  return times;
}

const none: Readonly<Record<Contestant, number>> = { ours: 0, oursFresh: 0, raw: 0, rawAgain: 0, rawFresh: 0 };
const contestants: Readonly<Record<Contestant, (name: string) => Promise<{ listed: number; passing: number }>>> = {
  ours,
  raw: rawPut,
  rawAgain: rawPut,
  rawFresh,
  oursFresh,
};
const neighbour = newRegistrar('neighbour');
const opener = consul({ endpoints: [url] });
await neighbour.start();

for (let warm = 1; warm <= 5; warm += 1) {
  for (const [who, contestant] of Object.entries(contestants)) await contestant(`warm-${who.toLowerCase()}-${warm}`);
}
for (let pair = 1; pair <= pairs; pair += 1) {
  const order = shuffled(Object.keys(contestants) as Contestant[], random);
  const row: VisibleRow = { pair, order, listed: { ...none }, passing: { ...none } };
  for (const who of order) {
    // A name of its own, so that nobody sees what is left of another.
    const { listed, passing } = await contestants[who](`bench-${who.toLowerCase()}-${pair}`);
    row.listed[who] = listed;
    row.passing[who] = passing;
  }
  reportRow(row);
}
await neighbour.stop();
await opener.close();
await reader.terminate();
raw.close();
release();
