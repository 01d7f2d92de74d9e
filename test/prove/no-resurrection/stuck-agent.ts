import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Registrar, consul } from 'rollcall';
import { rawConsul } from '../../support/servers/raw-consul.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { waitFor } from '../../support/wait-for.js';
import type { Life } from './judge-no-resurrection.js';

/** How long the catalog is watched after 'deregistered'. */
const WATCH_MS = 600;

/** Stops a service while a register of its own is stuck on its way to a paused agent, which then goes on. */
export async function stopOnStuckAgent(agent: ConsulServer, run: number, random: () => number): Promise<Life> {
  const name = `stuck-${String(run)}`;
  const raw = rawConsul(agent.url);
  const registry = consul({ endpoints: [agent.url] });
  let writes = 0;
  let cutOffWrites = 0;
  const register = registry.register.bind(registry);
  registry.register = async (instance, report, signal) => {
    writes += 1;
    // Between the look and the write, so that it is the write that gets stuck.
    if (writes === 2) await pauseForSure(agent);
    try {
      return await register(instance, report, signal);
    } catch (error) {
      cutOffWrites += 1;
      throw error;
    }
  };
  const shutdown = { signals: false as const, drain: { min: '1s', max: '14s' }, timeout: '15s' };
  const registrar = new Registrar({ name, port: 3000, ttl: '6s', registry, logger: false, shutdown });
  let confirmed = false;
  const left = new Promise<void>((resolve) => {
    registrar.on('deregistered', (payload) => {
      confirmed = payload.confirmed;
      resolve();
    });
  });
  await registrar.start();
  const updated = registrar.update({ tags: [String(run)] }).catch(() => undefined);
  await waitFor(() => writes === 2 && isPaused(agent), { everyMs: 2 });
  // The request has been handed to the socket by then; sometimes stop comes a little later.
  await sleep(5 + random() * 50);
  const stopped = registrar.stop();
  await sleep(random() * 200);
  agent.resume();
  await left;
  const writesWhenLeft = writes;
  const until = performance.now() + WATCH_MS;
  let samples = 0;
  let listedSamples = 0;
  while (performance.now() < until) {
    const rows = (await raw.get(`/v1/health/service/${name}`)).json<unknown[]>();
    samples += 1;
    if (rows.length > 0) listedSamples += 1;
    await sleep(5);
  }
  await stopped;
  await updated;
  const present = Object.keys((await raw.get('/v1/agent/services')).json<object>()).some((id) => id.startsWith(name));
  raw.close();
  return {
    kind: 'real',
    run,
    writeOnTheWire: cutOffWrites > 0,
    confirmed,
    registersAfterwards: writes - writesWhenLeft,
    samples,
    listedSamples,
    presentAtEnd: present,
  };
}

/** A stop signal takes effect a moment after it was sent, and a request must not slip through in it. */
async function pauseForSure(agent: ConsulServer): Promise<void> {
  agent.pause();
  await waitFor(() => isPaused(agent), { everyMs: 2 });
}

function isPaused({ pid }: ConsulServer): boolean {
  return /\) T /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
}

/** The usual way: abort what is in flight, deregister once, and believe the 200. */
export async function stopTheUsualWay(agent: ConsulServer, run: number): Promise<Life> {
  const id = `usual-${String(run)}`;
  const raw = rawConsul(agent.url);
  const stuck = rawConsul(agent.url);
  const body = { ID: id, Name: id, Check: { CheckID: `${id}:ttl`, TTL: '6s', Status: 'passing' } };
  await raw.put('/v1/agent/service/register', body);
  await pauseForSure(agent);
  stuck.put('/v1/agent/service/register', body).catch(() => undefined);
  await sleep(50);
  stuck.close();
  const deregistered = raw.put(`/v1/agent/service/deregister/${id}`);
  await sleep(20);
  agent.resume();
  await deregistered;
  await sleep(WATCH_MS);
  const present = id in (await raw.get('/v1/agent/services')).json<object>();
  await raw.put(`/v1/agent/service/deregister/${id}`);
  raw.close();
  return { kind: 'control', run, presentAtEnd: present };
}
