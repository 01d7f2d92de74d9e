import { Registrar, consul, fallback, nearest } from '../../../src/index.js';
import type { Registry } from '../../../src/index.js';
import { wallClock } from '../experiment/history.js';
import { registryOf } from '../experiment/registry-plan.js';
import type { RegistryPlan } from '../experiment/registry-plan.js';
import type { FromLate, LatePlan, ToLate } from './service-plan.js';

// The instances under observation, in a process of their own: nothing that observes them shares its event loop.
const plan = JSON.parse(process.argv[2] ?? '') as LatePlan;
const tell = (message: FromLate) => process.send?.(message);
const registrars = new Map<string, Registrar>();
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

process.on('message', (message: ToLate) => {
  if (message.ask === 'start') start(message.id, message.registries);
  else if (message.ask === 'stop') void stop(message.id);
  // What readers see is what counts here, whether the update was a success or not.
  else
    void registrars
      .get(message.id)
      ?.update({ tags: ['updated'] })
      .catch(() => undefined);
});
for (const registry of plan.registries.map(registryOf)) {
  await registry.read({ name: 'late', id: 'none' }, AbortSignal.timeout(20_000)).catch(() => undefined);
  await registry.close();
}
tell({ kind: 'ready' });

function start(id: string, registries: readonly RegistryPlan[]): void {
  const registrar = new Registrar({
    name: id,
    id,
    address: '127.0.0.1',
    port: 3000,
    ttl: plan.ttlMs,
    heartbeat: { thread: plan.thread },
    registry: compose(registries),
    logger: false,
    shutdown: { signals: false, timeout: plan.stopWithinMs },
  });
  registrars.set(id, registrar);
  void registrar.start().then(() => tell({ kind: 'registered', id }));
}

async function stop(id: string): Promise<void> {
  const beganAt = wallClock();
  await registrars.get(id)?.stop();
  tell({ kind: 'stopped', id, tookMs: wallClock() - beganAt });
}

function compose(registries: readonly RegistryPlan[]): Registry {
  if (plan.form === 'endpoints')
    return consul({ endpoints: registries.flatMap((one) => (one.kind === 'consul' ? one.url : [])) });
  return (plan.form === 'chain' ? fallback : nearest)(registries.map(registryOf));
}
