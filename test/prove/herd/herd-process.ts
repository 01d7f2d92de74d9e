import { Registrar, consul } from '../../../src/index.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { wallClock } from '../experiment/history.js';
import type { FromHerd, HerdProcessPlan, ToHerd } from './herd-plan.js';
import { WireWatch } from './wire-watch.js';

// Many instances in one process; nothing that observes them shares its event loop.
const plan = JSON.parse(process.argv[2] ?? '') as HerdProcessPlan;
const tell = (message: FromHerd) => process.send?.(message);
const wire = new WireWatch(plan.url);
let sentAt: number[] = [];
const RAW_IN_FLIGHT = 12;

setInterval(() => wire.count(), 5);
process.on('message', ({ ask }: ToHerd) => {
  if (ask === 'report') {
    tell({ kind: 'report', most: wire.most, connections: wire.connections, sentAt });
  } else if (ask === 'register') {
    void registerRaw();
  } else {
    wire.reset();
    sentAt = [];
  }
});
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

const ids = Array.from({ length: plan.count }, (_, index) => `${plan.service}-${index}`);
const start = { ours: startOurs, raw: registerRaw, control: startControl };
await start[plan.who]();
tell({ kind: 'registered' });

async function startOurs(): Promise<void> {
  const registrars = ids.map((id, index) => {
    const registrar = new Registrar({
      name: plan.service,
      id,
      port: 1_000 * plan.process + index,
      ttl: plan.ttlMs,
      registry: consul({ endpoints: [plan.url] }),
      logger: false,
      shutdown: { signals: false },
    });
    registrar.on('beat', ({ tookMs }) => sentAt.push(wallClock() - tookMs));
    return registrar;
  });
  await Promise.all(registrars.map((registrar) => registrar.start()));
}

/** The yardstick: one bare request for each, as many at a time as a process of ours has. */
async function registerRaw(): Promise<void> {
  const raw = rawConsul(plan.url);
  const waiting = [...ids];
  const registerNext = async () => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const check = { CheckID: `${id}:ttl`, Name: 'Heartbeat', TTL: '600s', Status: 'passing' };
      await raw.put('/v1/agent/service/register', { ID: id, Name: plan.service, Checks: [check] });
    }
  };
  await Promise.all(Array.from({ length: RAW_IN_FLIGHT }, registerNext));
  raw.close();
}

/** What the control does wrong: each instance keeps its own time from the same moment on, and asks at once and again after a fixed pause. */
async function startControl(): Promise<void> {
  const raw = rawConsul(plan.url);
  const keep = async (id: string) => {
    sentAt.push(wallClock());
    const beat = () => raw.put(`/v1/agent/check/update/${id}:ttl`, { Status: 'passing' });
    try {
      if ((await beat()).status === 200) return;
      await raw.put('/v1/agent/service/register', {
        ID: id,
        Name: plan.service,
        Checks: [{ CheckID: `${id}:ttl`, Name: 'Heartbeat', TTL: `${plan.ttlMs}ms` }],
      });
      await beat();
    } catch {
      setTimeout(() => void keep(id), 100);
    }
  };
  await Promise.all(ids.map(keep));
  for (const id of ids) setInterval(() => void keep(id), plan.ttlMs / 3);
}
