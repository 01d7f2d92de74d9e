import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { waitFor } from '../../support/wait-for.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import type { FromHerd, HerdProcessPlan } from './herd-plan.js';
import { judgeHerd } from './judge-herd.js';
import type { Herd, HerdEvent } from './judge-herd.js';

const RUNS = 5;
const PROCESSES = 5;
const EACH = 100;
/** One will do: what the control does wrong, each process does. */
const CONTROL_PROCESSES = 1;
const TTL_MS = 10_000;
const INTERVAL_MS = TTL_MS / 3;
const DOWN_MS = 3_000;
/** A look at five hundred entries is work for the agent too. */
const LOOK_EVERY_MS = 200;
const GIVE_UP_MS = 60_000;
/** Whole intervals, so that every slot comes equally often. */
const COUNTED_INTERVALS = 3;

/** P6: hundreds that lose one agent together are back soon, and neither the agent nor anybody else on it suffers for it. */
export async function herd(lab: Lab): Promise<Verdict> {
  const history = lab.record<HerdEvent>();
  await part(lab, history, 'ours', PROCESSES, lab.runs ?? RUNS);
  await part(lab, history, 'raw', PROCESSES, lab.runs ?? RUNS);
  await part(lab, history, 'control', CONTROL_PROCESSES, 1);
  const verdict = judgeHerd(history.events, { intervalMs: INTERVAL_MS });
  const { allPassingMs, rawAllPassingMs, bystanderMs, rawBystanderMs, ...others } = verdict.figures;
  lab.say(
    spreadTable({
      "ms from the leader's return until all pass": allPassingMs,
      'the same for raw ones': rawAllPassingMs,
      "ms of another client's calls meanwhile": bystanderMs,
      'the same beside raw ones': rawBystanderMs,
    }),
  );
  lab.say(table(['', ''], Object.entries(others)));
  return verdict;
}

async function part(lab: Lab, history: History<HerdEvent>, who: Herd, processes: number, runs: number): Promise<void> {
  const consul = await startConsul();
  const reader = new CatalogReader(consul.url);
  const services = Array.from({ length: processes }, (_, index) =>
    herdProcess({
      who,
      url: consul.url,
      service: `${who}-${index + 1}`,
      process: index + 1,
      count: EACH,
      ttlMs: TTL_MS,
    }),
  );
  const bystander = forkService(new URL('bystander.ts', import.meta.url), { words: [consul.url] });
  try {
    await Promise.all(services.map((service) => service.waitForMessage(isRegistered, GIVE_UP_MS)));
    const isAll = async () => {
      const looks = await Promise.all(services.map((_, index) => reader.look(`${who}-${index + 1}`, 'passing')));
      return looks.every(({ entries }) => entries?.length === EACH);
    };
    await waitFor(isAll, { timeoutMs: GIVE_UP_MS, everyMs: LOOK_EVERY_MS });
    for (let round = 1; round <= runs; round += 1) {
      history.note({ event: 'round', who, round, at: wallClock() });
      await strike(history, consul, { who, services, bystander, isAll });
      if (who !== 'raw') await noteBeats(history, services);
      history.note({ event: 'over', at: wallClock() });
      history.flush();
      lab.say(`${who}: round ${round} of ${runs}`);
    }
  } finally {
    reader.close();
    await Promise.all([bystander, ...services].map((service) => service.kill()));
    await consul.stop();
  }
}

interface Cast {
  readonly who: Herd;
  readonly services: readonly ForkedService[];
  readonly bystander: ForkedService;
  readonly isAll: () => Promise<boolean>;
}

/** The agent is killed, comes back empty, and all return to it. */
async function strike(history: History<HerdEvent>, consul: ConsulServer, cast: Cast): Promise<void> {
  const { who, services, bystander, isAll } = cast;
  for (const service of services) service.send({ ask: 'reset' });
  await consul.kill();
  await pause(DOWN_MS);
  await consul.launch();
  await untilLed(consul.url);
  history.note({ event: 'leader', at: wallClock() });
  bystander.messages.length = 0;
  if (who === 'raw') for (const service of services) service.send({ ask: 'register' });
  let all = false;
  const look = async () => {
    all = await isAll();
  };
  if (await every(LOOK_EVERY_MS, look, () => all, GIVE_UP_MS)) history.note({ event: 'passing', at: wallClock() });
  for (const call of bystander.messages as { at: number; tookMs: number | undefined }[])
    history.note({ event: 'bystander', at: call.at, tookMs: call.tookMs });
  for (const [index, { most, connections }] of (await reports(services)).entries())
    history.note({ event: 'inFlight', process: index + 1, most, connections });
}

async function noteBeats(history: History<HerdEvent>, services: readonly ForkedService[]): Promise<void> {
  // The first beats come as the losses were noticed; from the next on each has its slot again.
  await pause(2 * INTERVAL_MS);
  for (const service of services) service.send({ ask: 'reset' });
  await pause(COUNTED_INTERVALS * INTERVAL_MS);
  for (const [index, { sentAt }] of (await reports(services)).entries())
    history.note({ event: 'beats', process: index + 1, sentAt });
}

function herdProcess(plan: HerdProcessPlan): ForkedService {
  return forkService(new URL('herd-process.ts', import.meta.url), { words: [JSON.stringify(plan)] });
}

function isRegistered(message: unknown): message is FromHerd {
  return (message as FromHerd).kind === 'registered';
}

function reports(services: readonly ForkedService[]): Promise<Extract<FromHerd, { kind: 'report' }>[]> {
  return Promise.all(
    services.map((service) => {
      const before = service.messages.length;
      service.send({ ask: 'report' });
      const isNew = (message: unknown): message is Extract<FromHerd, { kind: 'report' }> =>
        (message as FromHerd).kind === 'report' && service.messages.indexOf(message) >= before;
      return service.waitForMessage(isNew);
    }),
  );
}

async function untilLed(url: string): Promise<void> {
  const raw = rawConsul(url, { timeoutMs: 1_000 });
  await waitFor(async () => (await raw.get('/v1/status/leader')).body.length > 4, {
    timeoutMs: GIVE_UP_MS,
    everyMs: 5,
  });
  raw.close();
}
