import { subscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { inspect } from 'node:util';
import type { Worker } from 'node:worker_threads';
import type { Logger, Registry } from '../../../src/index.js';
import { builtRollcall } from '../../support/built.js';
import { eventNames } from '../../support/record-events.js';
import { seededRandom } from '../../support/seeded.js';
import { wallClock } from '../experiment/history.js';
import { Canaries } from './canaries.js';
import type { FromHostile, HostilePlan, Look, ToHostile } from './hostile-plan.js';
import { plantFault } from './plant-fault.js';
import { ADDRESS, portOf } from './sides/side.js';
import { StallWatch, heapOfWorkers, waitedMs, waitedSince } from './watch-threads.js';

// The Registrars under test, in a process of their own, which watches what they do to it.
const plan = JSON.parse(process.argv[2] ?? '') as HostilePlan;
const rollcall = builtRollcall();
const tell = (message: FromHostile) => process.send?.(message);
const canaries = new Canaries(plan.secrets);
const random = seededRandom(1);
const HEALTH_EVERY_MS = 150;
const STATUS_EVERY_MS = 500;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
let worker: Worker | undefined;
subscribe('worker_threads', (message) => {
  ({ worker } = message as { worker: Worker });
  // One that has ended would look as if it stood still for ever.
  worker.once('exit', () => (worker = undefined));
});
process.on('unhandledRejection', (reason) => tell({ kind: 'unhandled', what: inspect(reason) }));
// Timers with impossible times, and listeners without end, show themselves here.
process.on('warning', (warning) => {
  if (!['ExperimentalWarning', 'DeprecationWarning'].includes(warning.name))
    tell({ kind: 'unhandled', what: inspect(warning) });
});
process.once('disconnect', () => {
  // The observer ended before us, or has heard all.
  if (!isStopped) process.exit(1);
});

function scan(where: string, ...outputs: unknown[]): void {
  for (const output of outputs) {
    const text = typeof output === 'string' ? output : inspect(output, { depth: 12, maxStringLength: 20_000 });
    const found = canaries.find(text);
    if (found !== undefined) tell({ kind: 'canary', secret: found.name, where, around: found.around });
  }
}

const log = (...words: unknown[]) => scan('a log line', ...words);
const scanningLogger = { debug: log, info: log, warn: log, error: log } as Logger;

const make = rollcall[plan.backend] as (options: object) => Registry;
const registrars = plan.registrars.map(({ id, options }, index) => {
  const registrar = new rollcall.Registrar({
    name: id.slice(0, id.lastIndexOf('-')),
    id,
    address: ADDRESS,
    port: portOf(index),
    ttl: plan.ttlMs,
    heartbeat: { interval: plan.intervalMs, thread: plan.thread },
    registry: make(options),
    health: { components: { disk: { onFail: 'critical' }, cache: { onFail: 'warning' } } },
    shutdown: { signals: false, drain: false, timeout: '10s' },
    // The others write to stdout, where the observer reads.
    ...(index % 2 === 0 && { logger: scanningLogger }),
  });
  for (const name of eventNames)
    registrar.on(name, (payload: unknown) => {
      scan(`event ${name}`, payload);
      if (payload instanceof Error || name === 'beatMissed') scan(`event ${name} as JSON`, JSON.stringify(payload));
    });
  return registrar;
});
/** Of each Registrar; see `Look`. */
const well: ({ readonly since: number; readonly waitedMs: number } | undefined)[] = [];
let calmSince = Infinity;
let waitedBefore = waitedMs();
for (const [index, registrar] of registrars.entries()) {
  registrar.on('beat', ({ tookMs }) => {
    const now = wallClock();
    if (now - tookMs >= calmSince) well[index] ??= { since: now, waitedMs: waitedSince(waitedBefore) };
  });
  for (const name of ['beatMissed', 'lost'] as const) registrar.on(name, () => (well[index] = undefined));
}
const watch = new StallWatch(() => worker);
const statusTimer = setInterval(() => {
  for (const registrar of registrars)
    scan('status()', JSON.stringify(registrar.status()), inspect(registrar, { depth: 8 }));
}, STATUS_EVERY_MS);
let healthTimer: NodeJS.Timeout | undefined;
let isStopped = false;

process.on('message', (message: ToHostile) => void obey(message));
for (const registrar of registrars) void registrar.start().catch((error: unknown) => scan('start()', error));
tell({ kind: 'ready' });

async function obey(message: ToHostile): Promise<void> {
  switch (message.ask) {
    case 'episode':
      calmSince = Infinity;
      watch.begin();
      healthTimer = setInterval(changeHealth, HEALTH_EVERY_MS);
      if (plan.plant !== undefined) plantFault(plan.plant, plan);
      return;
    case 'calm':
      well.fill(undefined);
      calmSince = wallClock();
      waitedBefore = waitedMs();
      clearInterval(healthTimer);
      for (const registrar of registrars) for (const name of ['disk', 'cache']) registrar.report(name, 'passing');
      if (plan.plant === 'lost') await registrars[0]?.stop();
      return;
    case 'look':
      tell({ kind: 'looked', n: message.n, looks: registrars.map(lookAt) });
      return;
    case 'rest': {
      const stallMs = watch.end();
      collectGarbage();
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      const heap = heapUsed + external + heapOfWorkers();
      tell({ kind: 'rested', n: message.n, stallMs, heap });
      return;
    }
    case 'secret':
      canaries.add(message.name, message.secret);
      return;
    case 'stop':
      clearInterval(statusTimer);
      await Promise.all(registrars.map((registrar) => registrar.stop()));
      tell({ kind: 'stopped', errors: [] });
      isStopped = true;
      process.disconnect();
  }
}

function lookAt(registrar: (typeof registrars)[number], index: number): Look {
  const { state, thread, trouble, missedInRow } = registrar.status();
  const { since: wellSince, waitedMs: waited = 0 } = well[index] ?? {};
  return { id: plan.registrars[index]?.id ?? '', state, thread, trouble, wellSince, waitedMs: waited, missedInRow };
}

function changeHealth(): void {
  const registrar = registrars[Math.floor(random() * registrars.length)];
  const component = random() < 0.5 ? 'disk' : 'cache';
  registrar?.report(component, random() < 0.5 ? 'passing' : 'critical', `reason ${Math.floor(random() * 100)}`);
}
