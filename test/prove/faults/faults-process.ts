import Consul from 'consul';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Registrar, consul } from '../../../src/index.js';
import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import type { FromFaults, ToFaults } from './faults-plan.js';

// The instances under observation, in a process of their own: its memory is theirs, and so is each rejection that nobody handles.
const tell = (message: FromFaults) => process.send?.(message);
const registrars = new Map<string, Registrar>();
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let before = 0;
let most = 0;

setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
process.on('unhandledRejection', (reason) => tell({ kind: 'unhandled', what: String(reason) }));
process.on('uncaughtException', (error) => tell({ kind: 'unhandled', what: String(error.stack) }));
// The observer ended before us.
process.once('disconnect', () => process.exit(1));

process.on('message', (message: ToFaults) => {
  switch (message.ask) {
    case 'start':
      if (message.who === 'ours') start(message);
      else void beatAndWait(message);
      break;
    case 'stop':
      void registrars.get(message.id)?.stop();
      break;
    case 'rest':
      collectGarbage();
      before = most = process.memoryUsage.rss();
      tell({ kind: 'rested' });
      break;
    case 'memory':
      tell({ kind: 'memory', before, most });
      break;
  }
});
tell({ kind: 'ready' });

function start({ id, url, ttlMs, intervalMs }: Extract<ToFaults, { ask: 'start' }>): void {
  const shutdown = { signals: false as const, drain: { min: '1s', quiet: 0, max: '15s' }, timeout: '20s' };
  const registrar = new Registrar({
    name: id,
    id,
    port: 3000,
    ttl: ttlMs,
    heartbeat: { interval: intervalMs },
    registry: consul({ endpoints: [url] }),
    logger: false,
    shutdown,
  });
  registrars.set(id, registrar);
  registrar.on('stopped', () => tell({ kind: 'stopped', id, at: wallClock() }));
  void registrar.start();
}

/** What the control does wrong: the next beat comes after the answer to the last one, whenever that is. */
async function beatAndWait({ id, url, ttlMs, intervalMs }: Extract<ToFaults, { ask: 'start' }>): Promise<void> {
  const { hostname, port } = new URL(url);
  const client = new Consul({ host: hostname, port: Number(port) });
  const check = { name: 'Heartbeat', ttl: `${ttlMs}ms`, timeout: '1s' };
  for (let isRegistered = false; ; await pause(intervalMs)) {
    try {
      if (!isRegistered) await client.agent.service.register({ id, name: id, check });
      isRegistered = true;
      await client.agent.check.pass(`service:${id}`);
    } catch {
      isRegistered = false;
    }
  }
}
