import { request } from 'node:http';
import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { waitFor } from '../../support/wait-for.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { ObservedService } from '../experiment/observed-service.js';
import { every } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { judgeHungAgent } from './judge-hung-agent.js';
import type { HungAgentEvent } from './judge-hung-agent.js';

const RUNS = 6;
/** One alone has no growth from round to round. */
const FEWEST_RUNS = 2;
const TTL_S = 3;
const INTERVAL_MS = (TTL_S * 1000) / 3;
const PAUSE_MS = 3 * TTL_S * 1000;
const COUNT_EVERY_MS = 10;
const POLL_EVERY_MS = 5;
/** After the resume; long enough to see the queued expiry, and a second beat. */
const WATCH_MS = 2_500;

/** P7: an agent that accepts and never answers costs the host nothing, and P2: listed again as soon as it goes on. */
export async function hungAgent(lab: Lab): Promise<Verdict> {
  const runs = Math.max(FEWEST_RUNS, lab.runs ?? RUNS);
  const history = lab.record<HungAgentEvent>();
  const consul = await startConsul();
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: consul.port } });
  const controlProxy = await startFaultProxy({ target: { host: '127.0.0.1', port: consul.port } });
  const reader = new CatalogReader(consul.url);
  const control = new Control(controlProxy.port);
  let service: ObservedService | undefined;
  try {
    service = new ObservedService({ registry: { kind: 'consul', url: proxy.url }, name: 'ours', ttl: `${TTL_S}s` });
    await service.settled();
    await untilPassing(reader);
    for (let round = 1; round <= runs; round += 1) {
      history.note({ event: 'round', round, at: wallClock() });
      await noteMemory(history, service, 'before');
      consul.pause();
      history.note({ event: 'paused', at: wallClock() });
      control.start();
      await every(
        COUNT_EVERY_MS,
        () => noteWire(history, proxy, controlProxy),
        () => false,
        PAUSE_MS,
      );
      await noteMemory(history, service, 'during');
      consul.resume();
      history.note({ event: 'resumed', at: wallClock() });
      control.stop();
      await notePassing(history, reader);
      await noteMemory(history, service, 'after');
      history.note({ event: 'over', at: wallClock() });
      history.flush();
      lab.say(`round ${round} of ${runs}`);
      await untilPassing(reader);
    }
  } finally {
    control.stop();
    reader.close();
    await service?.kill();
    // Also when the agent is paused.
    await consul.stop();
    await proxy.close();
    await controlProxy.close();
  }
  const verdict = judgeHungAgent(history.events, { intervalMs: INTERVAL_MS });
  const { passingAfterMs, ...others } = verdict.figures;
  lab.say(spreadTable({ 'passing after the resume, ms': passingAfterMs }));
  lab.say(table(['while the agent hung', ''], Object.entries(others)));
  return verdict;
}

/** What the control does wrong: a beat is sent when it is due, whatever became of the one before, and nothing ends one. */
class Control {
  readonly #port: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  start(): void {
    this.#timer = setInterval(() => {
      const beat = request(
        { host: '127.0.0.1', port: this.#port, method: 'PUT', path: '/v1/agent/check/pass/control', agent: false },
        (answer) => answer.resume(),
      );
      // An answer to a check that does not exist is an answer too.
      beat.on('error', () => undefined).end();
    }, INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

async function untilPassing(reader: CatalogReader): Promise<void> {
  await waitFor(async () => (await reader.look('ours', 'passing')).entries?.length === 1);
}

async function noteMemory(
  history: History<HungAgentEvent>,
  service: ObservedService,
  when: 'before' | 'during' | 'after',
): Promise<void> {
  const { heapUsed, rss } = await service.memory();
  history.note({ event: 'memory', when, at: wallClock(), heapUsed, rss });
}

/** Counted where the requests pass by. */
async function noteWire(history: History<HungAgentEvent>, ours: FaultProxy, control: FaultProxy): Promise<void> {
  const at = wallClock();
  history.note({ event: 'wire', who: 'ours', at, inFlight: ours.inFlight, connections: ours.connections });
  history.note({ event: 'wire', who: 'control', at, inFlight: control.inFlight, connections: control.connections });
}

async function notePassing(history: History<HungAgentEvent>, reader: CatalogReader): Promise<void> {
  let last: boolean | undefined;
  const look = async () => {
    const { at, entries } = await reader.look('ours', 'passing');
    const passing = entries === undefined ? undefined : entries.length > 0;
    if (passing === undefined || passing === last) return;
    last = passing;
    history.note({ event: 'seen', at, passing });
  };
  await every(POLL_EVERY_MS, look, () => false, WATCH_MS);
}
