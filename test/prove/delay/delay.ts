import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { startMember } from '../experiment/members.js';
import type { ChainMember } from '../experiment/members.js';
import { pause } from '../experiment/pause.js';
import { portOf } from '../experiment/registry-plan.js';
import { spreadTable, table } from '../experiment/table.js';
import { DRAIN_MIN_MS, observeStart, observeStay, TTL_MS, WATCH_MS, watch } from './cell.js';
import { DeadlineClient } from './deadline-client.js';
import { judgeDelay } from './judge-delay.js';
import type { DelayCell, DelayEvent } from './judge-delay.js';
import { delayRegistries, delayThreads, roundTrips } from './options.js';

const SLACK_MS = 1_000;
/** So many processes at a time, and so long between the starts of the first ones: else a start slows the others. */
const LANES = 4;
const STAGGER_MS = 3_000;

/** Processes of three Registrars each live behind a delay on one registry after the other, some side by side. */
export async function delay(lab: Lab): Promise<Verdict> {
  const history = lab.record<DelayEvent>();
  const { only, thread, trip } = lab.options;
  const trips = roundTrips.filter((one) => trip === undefined || one === trip);
  const threads = delayThreads.filter((one) => thread === undefined || one === thread);
  const note = (events: readonly DelayEvent[]) => {
    for (const event of events) history.note(event);
    history.flush();
  };
  // Beside the others: it waits, too.
  const control = observeControl();
  control.catch(() => undefined);
  for (const registry of delayRegistries.filter((one) => only === undefined || one === only)) {
    for (let round = 1; round <= (lab.runs ?? 1); round += 1) {
      const cells = trips.flatMap((one) =>
        threads.map((on): DelayCell => ({ registry, thread: on, round, tripMs: Number(one) * 1000 })),
      );
      const member = await startMember[registry]();
      try {
        note(await observeAll(member, cells));
      } finally {
        await member.stop();
      }
      lab.say(`${registry}: round ${round}, ${cells.length} cells`);
    }
  }
  note([await control]);
  const verdict = judgeDelay(history.events, { drainMinMs: DRAIN_MIN_MS, slackMs: SLACK_MS });
  sayCells(lab, history.events);
  const { stopBeyondMs, listedBeyondMs, controlLooks, controlOut } = verdict.figures;
  lab.say(
    spreadTable({
      [`SIGTERM: ms beyond two round trips and ${DRAIN_MIN_MS}`]: stopBeyondMs,
      'start: ms beyond three round trips until listed': listedBeyondMs,
    }),
  );
  lab.say(`a deadline for each heartbeat (Consul): out in ${controlOut} of ${controlLooks} looks`);
  return verdict;
}

async function observeAll(member: ChainMember, cells: readonly DelayCell[]): Promise<DelayEvent[]> {
  const waiting = [observeStay, observeStart].flatMap((observe) =>
    cells.map((cell) => () => observe(member, cell).catch((thrown: unknown) => [brokenBy(thrown, cell)])),
  );
  const events: DelayEvent[] = [];
  const lane = async (index: number) => {
    await pause(index * STAGGER_MS);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) events.push(...(await next()));
  };
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
  return events;
}

function brokenBy(thrown: unknown, cell: DelayCell): DelayEvent {
  return { event: 'broken', ...cell, what: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Under the longest round trip. */
async function observeControl(): Promise<DelayEvent> {
  const member = await startMember.consul();
  const port = portOf(member.plan);
  const reader = new CatalogReader(`http://127.0.0.1:${port}`);
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
  const client = new DeadlineClient(proxy.url, 'control', TTL_MS);
  try {
    await client.start();
    await proxy.delay((Math.max(...roundTrips.map(Number)) * 1000) / 2);
    const passes = async () => (await reader.look('control')).entries?.some(({ passing }) => passing);
    return { event: 'control', ...(await watch(passes, WATCH_MS)) };
  } finally {
    await client.stop();
    reader.close();
    await proxy.close();
    await member.stop();
  }
}

function sayCells(lab: Lab, events: readonly DelayEvent[]): void {
  const rows = events.flatMap((event) => {
    if (event.event !== 'stayed') return [];
    const isSame = (other: DelayEvent) =>
      'tripMs' in other &&
      (['registry', 'thread', 'round', 'tripMs'] as const).every((key) => other[key] === event[key]);
    const stop = events.find((other) => other.event === 'stopped' && isSame(other));
    const start = events.find((other) => other.event === 'started' && isSame(other));
    return [
      [
        event.registry,
        event.thread,
        event.tripMs / 1000,
        `${event.out} of ${event.looks}`,
        event.lost,
        event.missed,
        stop?.event === 'stopped' ? `${Math.round(stop.tookMs)} ms, code ${String(stop.code)}, ${stop.left} left` : '',
        start?.event === 'started' ? `${Math.round(start.listedMs ?? NaN)} ms` : '',
      ],
    ];
  });
  lab.say(table(['registry', 'thread', 'round trip, s', 'out', 'lost', 'missed', 'SIGTERM', 'start'], rows));
}
