import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import { spreadTable, table } from '../experiment/table.js';
import { observeCell } from './cell.js';
import type { CellPlan } from './cell.js';
import type { FromFaults, ToFaults } from './faults-plan.js';
import { faults, judgeFaults, verbs } from './judge-faults.js';
import type { FaultKind, FaultsEvent } from './judge-faults.js';

const RUNS = 2;
const TTL_MS = 3_000;
const INTERVAL_MS = 1_000;
/** A few answers of 32 MB, which is where we stop reading, and what the collector has not yet got to. */
const MOST_GROWTH_MB = 256;
const CONTROL_FAULTS: readonly FaultKind[] = ['cut', '503'];

/** P2 and P7: whatever a registry does to whichever request, the instance is well again soon after, and the host has felt nothing. */
export async function faultsExperiment(lab: Lab): Promise<Verdict> {
  const runs = lab.runs ?? RUNS;
  const history = lab.record<FaultsEvent>();
  const consul = await startConsul();
  const reader = new CatalogReader(consul.url);
  const service = forkService(new URL('faults-process.ts', import.meta.url));
  const plan = { consul, reader, service, ttlMs: TTL_MS, intervalMs: INTERVAL_MS };
  try {
    await told(service, 'ready');
    await ask(service, { ask: 'rest' }, 'rested');
    for (let round = 1; round <= runs; round += 1) {
      history.note({ event: 'round', round, at: wallClock() });
      for (const fault of faults) {
        await Promise.all(verbs.map((verb) => noteCell(history, { ...plan, who: 'ours', fault, verb, round })));
        lab.say(`round ${round} of ${runs}: ${fault}`);
      }
      history.flush();
    }
    const { before, most } = await ask(service, { ask: 'memory' }, 'memory');
    history.note({ event: 'memory', at: wallClock(), before, most });
    for (const { what } of all(service, 'unhandled')) history.note({ event: 'unhandled', at: wallClock(), what });
    for (const fault of CONTROL_FAULTS) {
      const { backMs } = await observeCell({ ...plan, who: 'control', fault, verb: 'beat', round: 1 });
      history.note({ event: 'control', fault, at: wallClock(), back: backMs !== undefined });
    }
    history.note({ event: 'over', at: wallClock() });
  } finally {
    reader.close();
    await service.kill();
    await consul.stop();
  }
  sayCells(lab, history.events);
  const verdict = judgeFaults(history.events, { intervalMs: INTERVAL_MS, mostGrowthMb: MOST_GROWTH_MB });
  const { backMs, ...others } = verdict.figures;
  lab.say(spreadTable({ 'healed: ms until well': backMs }));
  lab.say(table(['', ''], Object.entries(others)));
  return verdict;
}

async function noteCell(history: History<FaultsEvent>, plan: CellPlan): Promise<void> {
  const { hits, backMs } = await observeCell(plan);
  history.note({ event: 'cell', fault: plan.fault, verb: plan.verb, at: wallClock(), hits, backMs });
}

function sayCells(lab: Lab, events: readonly FaultsEvent[]): void {
  const cells = events.filter((event) => event.event === 'cell');
  const slowest = (fault: FaultKind, verb: string) =>
    spreadOf(cells.filter((cell) => cell.fault === fault && cell.verb === verb).map(({ backMs }) => backMs ?? Infinity))
      .max;
  lab.say(
    table(
      ['healed: ms until well, at most', ...verbs],
      faults.map((fault) => [fault, ...verbs.map((verb) => rounded(slowest(fault, verb)))]),
    ),
  );
}

function all<K extends FromFaults['kind']>(service: ForkedService, kind: K): Extract<FromFaults, { kind: K }>[] {
  return (service.messages as FromFaults[]).filter(
    (message): message is Extract<FromFaults, { kind: K }> => message.kind === kind,
  );
}

function told<K extends FromFaults['kind']>(
  service: ForkedService,
  kind: K,
): Promise<Extract<FromFaults, { kind: K }>> {
  return service.waitForMessage(
    (message): message is Extract<FromFaults, { kind: K }> => (message as FromFaults).kind === kind,
  );
}

function ask<K extends FromFaults['kind']>(
  service: ForkedService,
  message: ToFaults,
  kind: K,
): Promise<Extract<FromFaults, { kind: K }>> {
  service.send(message);
  return told(service, kind);
}
