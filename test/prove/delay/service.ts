import { once } from 'node:events';
import { createServer } from 'node:http';
import { Registrar } from '../../../src/index.js';
import { wallClock } from '../experiment/history.js';
import { registryOf } from '../experiment/registry-plan.js';
import type { DelayPlan, FromDelayed } from './service-plan.js';

// Several instances of one service in a process of their own; SIGTERM stops them as it stops any service.
const plan = JSON.parse(process.argv[2] ?? '') as DelayPlan;
const tell = (message: FromDelayed) => process.connected && process.send?.(message);
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

const registrars = await Promise.all(
  Array.from({ length: plan.registrars }, async (_, at) => {
    const server = createServer((_request, response) => {
      response.end('ok');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Registrar({
      name: plan.name,
      id: `${plan.name}-${at}`,
      registry: registryOf(plan.registry),
      ttl: plan.ttlMs,
      heartbeat: { thread: plan.thread },
      shutdown: { timeout: plan.timeoutMs, drain: { min: plan.drainMinMs } },
    }).bind(server);
  }),
);
for (const registrar of registrars) {
  for (const event of ['lost', 'beatMissed'] as const)
    registrar.on(event, () => tell({ kind: 'event', event, at: wallClock() }));
}
// Loads what a registry loads at its first use: that is a compiler's time here, and none of the registry's.
const first = registryOf(plan.registry);
await first.read({ name: plan.name, id: 'none' }, AbortSignal.timeout(60_000)).catch(() => undefined);
await first.close();
// The channel alone keeps no service alive.
process.channel?.unref();
tell({ kind: 'starting', at: wallClock() });
await Promise.all(registrars.map((registrar) => registrar.start()));
tell({ kind: 'registered', at: wallClock() });
