import { once } from 'node:events';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { register } from '../../../src/index.js';
import { wallClock } from './history.js';
import { registryOf } from './registry-plan.js';
import type { FromService, ServicePlan, ToService } from './service-plan.js';

// The service under observation, in a process of its own: nothing that observes it shares its event loop.
const plan = JSON.parse(process.argv[2] ?? '') as ServicePlan;
const tell = (message: FromService) => process.send?.(message);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

const server = createServer((_request, response) => {
  response.end('ok');
});
server.listen(plan.port ?? 0, '127.0.0.1');
await once(server, 'listening');
const listeningAt = wallClock();
tell({ kind: 'listening', at: listeningAt });

let opened = false;
const ready = () => {
  if (!opened && wallClock() - listeningAt >= (plan.readyAfterMs ?? 0)) {
    opened = true;
    tell({ kind: 'opened', at: wallClock() });
  }
  return opened;
};
const calledAt = performance.now();
const registering = register(server, {
  name: plan.name,
  registry: registryOf(plan.registry),
  logger: false,
  ready,
  ...(plan.ttl !== undefined && { ttl: plan.ttl }),
  ...(plan.interval !== undefined && { heartbeat: { interval: plan.interval } }),
});
process.on('message', (message) => {
  void obey(message as ToService);
});

async function obey(message: ToService): Promise<void> {
  if (message.ask === 'tag') {
    await (await registering).update({ tags: [message.tag] });
    tell({ kind: 'tagged', at: wallClock(), tag: message.tag });
  } else if (message.ask === 'stop') {
    const registrar = await registering;
    registrar.on('stopped', ({ errors }) => tell({ kind: 'stopped', at: wallClock(), errors: errors.map(String) }));
    await registrar.stop();
  } else {
    collectGarbage();
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    tell({ kind: 'memory', at: wallClock(), heapUsed, rss });
  }
}

const registrar = await registering;
tell({ kind: 'settled', at: wallClock(), tookMs: performance.now() - calledAt });
for (const event of ['beat', 'beatMissed', 'rotated'] as const)
  registrar.on(event, () => tell({ kind: 'told', at: wallClock(), event }));
registrar.on('state', ({ to }) => tell({ kind: 'state', at: wallClock(), to }));
