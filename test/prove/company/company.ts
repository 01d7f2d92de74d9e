import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { waitFor } from '../../support/wait-for.js';
import type { Experiment } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { table } from '../experiment/table.js';
import { Callers } from './callers.js';
import { Follower } from './follower.js';
import { LEAST_REQUESTS, judgeCompany } from './judge-company.js';
import type { CompanyEvent, CompanyFigures } from './judge-company.js';
import { answerSockets, listeningServer } from './serve.js';
import { KILL_TIMEOUT_MS, controls, setUps } from './set-ups.js';
import type { Claim, Ending, ServicePlan, SetUp, ToService } from './set-ups.js';

const RUNS = 3;
const SERVING_WITHIN_MS = 60_000;
/** Under load before it is told to end: so many requests. */
const WARM_UP_REQUESTS = 2 * LEAST_REQUESTS;
/** A service that does not exit by itself is killed so long after its entry has gone: the drain is over by then. */
const LIVES_ON_MS = 5_000;
/** No stop takes longer. Without the package, a service may wait for callers that keep their connections for ever. */
const END_WITHIN_MS: Readonly<Record<Claim, number>> = { lossless: 40_000, cuts: 40_000, killed: 40_000, fails: 8_000 };
/** The load goes on after the end for so long. */
const AFTERMATH_MS = 500;

/** Beside other code that listens to signals, exits or crashes, a service still leaves the registry first and loses no request. */
export const company: Experiment = async (lab) => {
  const runs = lab.runs ?? RUNS;
  const { only } = lab.options;
  const chosen = [...setUps, ...controls].filter(({ serving }) => only === undefined || only === serving);
  const history = lab.record<CompanyEvent>();
  const consul = await startConsul();
  try {
    for (const [i, setUp] of chosen.entries()) {
      lab.say(`${i + 1} of ${chosen.length}: ${setUp.name}`);
      for (let run = 1; run <= runs; run += 1) await observe(setUp, consul.url, `company-${i + 1}-${run}`, history);
      history.flush();
    }
  } finally {
    await consul.stop();
  }
  const verdict = judgeCompany(history.events, { names: chosen.map(({ name }) => name), runs });
  lab.say(setUpsTable(verdict.figures));
  lab.say(failuresTable(history.events));
  return verdict;
};

async function observe(setUp: SetUp, url: string, name: string, history: History<CompanyEvent>): Promise<void> {
  const { claim, serving, ending } = setUp;
  history.note({ event: 'run', name: setUp.name, claim, at: wallClock() });
  const id = `${name}-observed`;
  const plan: ServicePlan = { ...setUp, url, name, id, way: claim === 'fails' ? 'by itself' : 'rollcall' };
  const service = forkService(new URL('service.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  const neighbour = await startNeighbour(url, name);
  const follower = new Follower(url, name);
  let callers: Callers | undefined;
  try {
    await service.waitForMessage((message) => message === 'serving', SERVING_WITHIN_MS);
    await waitFor(() => follower.targets.length === 2);
    callers = new Callers(follower, serving);
    const { requests } = callers;
    await waitFor(() => (requests.get(id) ?? 0) >= WARM_UP_REQUESTS, { timeoutMs: SERVING_WITHIN_MS });
    history.note({ event: 'told', at: wallClock() });
    const isGone = () => follower.targets.every((target) => target.id !== id);
    let isOver = false;
    const watching = every(
      1,
      () => Promise.resolve(),
      () => isGone() || isOver,
      END_WITHIN_MS[claim],
    ).then(() => {
      if (isGone()) history.note({ event: 'gone', at: wallClock() });
    });
    if (setUp.company === 'no-exit') void watching.then(() => killLater(service, LIVES_ON_MS));
    await tellToEnd(service, ending);
    void killLater(service, END_WITHIN_MS[claim]);
    const { code, signal } = await service.ended;
    const at = wallClock();
    const listed = (await follower.look()).some((target) => target.id === id);
    history.note({ event: 'ended', at, end: signal ?? `exit ${code ?? 0}`, listed });
    await pause(AFTERMATH_MS);
    isOver = true;
    await watching;
    await callers.stop();
    for (const failure of callers.failures) history.note({ event: 'failed', ...failure });
    history.note({ event: 'over', at: wallClock(), requests: requests.get(id) ?? 0 });
  } finally {
    await service.kill();
    await callers?.stop();
    await follower.stop();
    await neighbour.stop();
  }
}

async function tellToEnd(service: ForkedService, ending: Ending): Promise<void> {
  switch (ending) {
    case 'SIGTERM':
    case 'SIGKILL':
      service.signal(ending);
      return;
    case 'pm2':
    case 'pm2-impatient':
      service.signal('SIGINT');
      await killLater(service, KILL_TIMEOUT_MS[ending]);
      return;
    default:
      service.send({ end: ending } satisfies ToService);
  }
}

/** Resolves when it has been sent, or is not needed any more. */
async function killLater(service: ForkedService, ms: number): Promise<void> {
  const over = new AbortController();
  void service.ended.then(() => over.abort());
  await sleep(ms, undefined, { signal: over.signal }).catch(() => undefined);
  service.signal('SIGKILL');
}

/** Another instance of the service, where callers go that find the first one gone. Always listed. */
async function startNeighbour(url: string, name: string): Promise<{ stop(): Promise<void> }> {
  const server = await listeningServer();
  const io = await answerSockets(server);
  const raw = rawConsul(url);
  const id = `${name}-neighbour`;
  const { port } = server.address() as AddressInfo;
  await raw.put('/v1/agent/service/register', { Name: name, ID: id, Address: '127.0.0.1', Port: port });
  return {
    async stop() {
      await raw.put(`/v1/agent/service/deregister/${id}`);
      raw.close();
      server.closeAllConnections();
      await io.close();
    },
  };
}

function setUpsTable({ setUps: judged }: CompanyFigures): string {
  const head = ['', 'promised', 'runs', 'requests', 'failed', 'outlived', 'gone after', 'end after', 'end'];
  const ms = (value: number) => (Number.isNaN(value) ? '-' : String(Math.round(value)));
  const rows = Object.entries(judged).map(([name, each]) => [
    name,
    each.claim,
    each.runs,
    each.requests,
    each.failed,
    each.listedAfterEnd,
    ms(each.goneMs.p50),
    ms(each.endMs.p50),
    each.ends.join(', '),
  ]);
  return `${table(head, rows)}\n(times in ms, p50; 'outlived': runs in which the entry was there when the process was not)`;
}

function failuresTable(history: readonly CompanyEvent[]): string {
  const counts = new Map<string, number>();
  let name = '';
  for (const event of history) {
    if (event.event === 'run') name = event.name;
    if (event.event !== 'failed') continue;
    const row = JSON.stringify([name, event.what, event.detail]);
    counts.set(row, (counts.get(row) ?? 0) + 1);
  }
  if (counts.size === 0) return 'No request failed.';
  return table(
    ['failed in', 'request', 'as the caller saw it', 'times'],
    [...counts].map(([row, times]) => [...(JSON.parse(row) as string[]), times]),
  );
}
