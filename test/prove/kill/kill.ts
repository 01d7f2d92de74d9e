import { forkService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { freePorts } from '../../support/servers/free-ports.js';
import { seededRandom } from '../../support/seeded.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { ObservedService } from '../experiment/observed-service.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable } from '../experiment/table.js';
import { judgeKill } from './judge-kill.js';
import type { KillEvent, Restart } from './judge-kill.js';

const RUNS = 30;
const TTL_MS = 2_000;
/** Of a life whose entry the next one has to clear: that one listens before it expires, however slow the machine is. */
const LONG_TTL_MS = 60_000;
const POLL_EVERY_MS = 5;
const GATE_MS = 1_000;
/** Of a life that has an entry to clear first, which takes a slow machine longer. */
const LONG_GATE_MS = 5_000;
/** Longer than any of the bounds, so that a broken one is measured and not cut off. */
const GIVE_UP_MS = 15_000;
/** After it passes again. */
const WATCH_AFTER_MS = 300;

/** P4 and P1: a killed process leaves within its TTL, its next start replaces what it left, and is not listed before it is ready. */
export async function kill(lab: Lab): Promise<Verdict> {
  const runs = lab.runs ?? RUNS;
  const random = seededRandom(lab.seed);
  const history = lab.record<KillEvent>();
  const consul = await startConsul();
  const [port = 0] = await freePorts(1);
  const watched = new Watched(consul.url, 'ours', history);
  const registry = { kind: 'consul', url: consul.url } as const;
  const start = (ttlMs: number, readyAfterMs: number) =>
    new ObservedService({ registry, name: 'ours', port, ttl: `${ttlMs}ms`, readyAfterMs });
  let service = start(TTL_MS, 0);
  try {
    await watched.until(({ passing }) => passing === 1);
    for (let round = 1; round <= runs; round += 1) {
      for (const restart of ['after expiry', 'at once'] as const satisfies Restart[]) {
        // At any moment between two beats.
        await pause(random() * TTL_MS);
        await watched.look();
        history.note({ event: 'killed', who: 'ours', round, restart, at: wallClock() });
        await service.kill();
        if (restart === 'after expiry') await watched.until(({ passing }) => passing === 0);
        history.note({ event: 'restarted', at: wallClock() });
        service = restart === 'after expiry' ? start(LONG_TTL_MS, GATE_MS) : start(TTL_MS, LONG_GATE_MS);
        await followStart(service, watched, history);
      }
      await rawRestart(consul.url, round, history);
      history.flush();
      if (round % 10 === 0) lab.say(`round ${round} of ${runs}`);
    }
    await controlPart(consul.url, history);
  } finally {
    watched.close();
    await service.kill();
    await consul.stop();
  }
  const verdict = judgeKill(history.events, { ttlMs: TTL_MS });
  const { outMs, clearedMs, rawRestartMs, clearedShare, backMs } = verdict.figures;
  lab.say(
    spreadTable({
      [`killed: ms until out of ?passing (TTL ${TTL_MS})`]: outMs,
      'restarted at once: ms from listening until the old entry is out': clearedMs,
      'a bare process: ms from its start until the old entry is out': rawRestartMs,
      'gate open: ms until passing': backMs,
    }),
  );
  lab.say(
    `from listening on, the old entry is out after ${clearedShare} of what a bare process takes from its start (p50)`,
  );
  return verdict;
}

async function followStart(service: ObservedService, watched: Watched, history: History<KillEvent>): Promise<void> {
  const listening = service.listening().then((at) => history.note({ event: 'listening', at }));
  await watched.until(({ passing }) => service.openedAt !== undefined && passing > 0);
  await listening;
  if (service.openedAt !== undefined) history.note({ event: 'opened', at: service.openedAt });
  await watched.until(() => false, WATCH_AFTER_MS);
  history.note({ event: 'over', at: wallClock() });
}

/** How long a bare process takes, from its start, to have readers no longer find what its last life left. */
async function rawRestart(url: string, round: number, history: History<KillEvent>): Promise<void> {
  const reader = new CatalogReader(url);
  await reader.put('/v1/agent/service/register', { Name: 'raw', ID: 'raw' });
  const startedAt = wallClock();
  const service = forkService(new URL('raw-restart.ts', import.meta.url), { words: [url, 'raw'] });
  try {
    let outAt: number | undefined;
    const look = async () => {
      const { at, entries } = await reader.look('raw');
      if (entries?.length === 0) outAt = at;
    };
    await every(POLL_EVERY_MS, look, () => outAt !== undefined, GIVE_UP_MS);
    if (outAt !== undefined) history.note({ event: 'raw', round, at: outAt, tookMs: outAt - startedAt });
  } finally {
    reader.close();
    await service.kill();
  }
}

/** What the control does wrong: it has no TTL, and a new id at each start. */
async function controlPart(url: string, history: History<KillEvent>): Promise<void> {
  const watched = new Watched(url, 'control', history);
  const start = (id: string) => watched.reader.put('/v1/agent/service/register', { Name: 'control', ID: id });
  try {
    await start('control-1');
    await watched.until(({ passing }) => passing === 1);
    history.note({ event: 'killed', who: 'control', round: 1, restart: 'after expiry', at: wallClock() });
    await watched.until(() => false, 2 * TTL_MS);
    history.note({ event: 'restarted', at: wallClock() });
    await start('control-2');
    await watched.until(() => false, WATCH_AFTER_MS);
    history.note({ event: 'over', at: wallClock() });
  } finally {
    watched.close();
  }
}

interface Catalog {
  readonly entries: number;
  readonly passing: number;
}

class Watched {
  readonly reader: CatalogReader;
  readonly #service: string;
  readonly #history: History<KillEvent>;
  #last: Catalog | undefined;

  constructor(url: string, service: string, history: History<KillEvent>) {
    this.reader = new CatalogReader(url);
    this.#service = service;
    this.#history = history;
  }

  close(): void {
    this.reader.close();
  }

  async look(): Promise<void> {
    const { at, entries } = await this.reader.look(this.#service);
    if (entries === undefined) return;
    const seen = { entries: entries.length, passing: entries.filter(({ passing }) => passing).length };
    if (this.#last?.entries === seen.entries && this.#last.passing === seen.passing) return;
    this.#last = seen;
    this.#history.note({ event: 'seen', at, ...seen });
  }

  async until(enough: (catalog: Catalog) => boolean, withinMs = GIVE_UP_MS): Promise<void> {
    await every(
      POLL_EVERY_MS,
      () => this.look(),
      () => this.#last !== undefined && enough(this.#last),
      withinMs,
    );
  }
}
