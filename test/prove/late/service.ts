import { Registrar, consul, fallback } from '../../../src/index.js';
import type { FromLate, LatePlan, ToLate } from './service-plan.js';

// The instances under observation, in a process of their own: nothing that observes them shares its event loop.
const plan = JSON.parse(process.argv[2] ?? '') as LatePlan;
const tell = (message: FromLate) => process.send?.(message);
const registrars = new Map<string, Registrar>();
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

process.on('message', (message: ToLate) => {
  if (message.ask === 'start') start(message.id, message.urls);
  // What readers see is what counts here, whether the update was a success or not.
  else
    void registrars
      .get(message.id)
      ?.update({ tags: ['updated'] })
      .catch(() => undefined);
});
tell({ kind: 'ready' });

function start(id: string, urls: readonly string[]): void {
  const registrar = new Registrar({
    name: id,
    id,
    address: '127.0.0.1',
    port: 3000,
    ttl: plan.ttlMs,
    heartbeat: { thread: plan.thread },
    registry:
      plan.form === 'chain' ? fallback(urls.map((url) => consul({ endpoints: [url] }))) : consul({ endpoints: urls }),
    logger: false,
    shutdown: { signals: false },
  });
  registrars.set(id, registrar);
  void registrar.start().then(() => tell({ kind: 'registered', id }));
}
