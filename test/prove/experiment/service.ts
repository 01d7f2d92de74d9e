import { once } from 'node:events';
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { consul, register } from '../../../src/index.js';
import { wallClock } from './history.js';
import type { FromService, ServicePlan } from './service-plan.js';

// The service under observation, in a process of its own: nothing that observes it shares its event loop.
const plan = JSON.parse(process.argv[2] ?? '') as ServicePlan;
const tell = (message: FromService) => process.send?.(message);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
process.on('message', () => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  tell({ kind: 'memory', at: wallClock(), heapUsed, rss });
});
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
const registrar = await register(server, {
  name: plan.name,
  registry: consul({ endpoints: [plan.url], ...(plan.tokenFile !== undefined && { tokenFile: plan.tokenFile }) }),
  logger: false,
  ready,
  ...(plan.ttl !== undefined && { ttl: plan.ttl }),
});
tell({ kind: 'settled', at: wallClock(), tookMs: performance.now() - calledAt });
for (const event of ['beat', 'beatMissed', 'rotated'] as const) registrar.on(event, () => tell({ kind: 'told', at: wallClock(), event }));
registrar.on('state', ({ to }) => tell({ kind: 'state', at: wallClock(), to }));
