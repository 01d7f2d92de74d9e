import { pause } from '../../prove/experiment/pause.js';
import type { Fault } from '../../prove/balance/faults.js';
import { shuffled } from '../shuffled.js';
import { ATTEMPT_MS } from './contender.js';
import type { ContenderName } from './contender.js';
import type { PeerSample } from './judge-peers.js';
import type { RowName } from './rows.js';
import { Callers, INSTANCES, Stage } from './stage.js';

/** Few enough for two cores and seven callers. */
const CALLS_PER_SECOND = 80;
const STEADY_MS = 3_000;
/** A fault counts from here on. */
const NOTICED_MS = 1_000;
const FAULT_MS = 5_000;
const HEALED_MS = 1_500;
const BETWEEN_ROLLS_MS = 300;
const OUTAGE_STEP_MS = 1_000;
const OUTAGE_REST_MS = 4_000;
/** Until the instances register again with an agent that has lost them. */
const UNREGISTERED_MS = 2_000;
const EMPTY_REST_MS = 3_000;

const faultRows: readonly { readonly row: RowName; readonly fault: Fault; readonly slot: number }[] = [
  { row: 'share503', fault: 'instant503', slot: 0 },
  { row: 'shareBlackHole', fault: 'blackHole', slot: 3 },
];

/** Instances that stand still for so long make calls fail that no caller could save. */
const STALLED_MS = ATTEMPT_MS / 2;

/** Everything once, for all contenders at the same time. Says nothing where the machine did something else. */
export async function playRound(
  names: readonly ContenderName[],
  round: number,
  random: () => number,
): Promise<PeerSample[]> {
  // By chance, since callers who take turns fare better or worse where the two are neighbours.
  const [ended = 0, moved = 1] = shuffled(
    Array.from({ length: INSTANCES }, (_, slot) => slot),
    random,
  );
  const stage = await Stage.start();
  const callers = new Callers(names, stage.world, CALLS_PER_SECOND);
  const samples: PeerSample[] = [];
  try {
    await callers.ready();
    callers.enter('steady');
    await pause(STEADY_MS);
    for (const { row, fault, slot } of faultRows) {
      callers.enter('fault');
      await stage.order({ do: 'fault', slot, fault });
      await pause(NOTICED_MS);
      await stage.order({ do: 'counts' });
      await pause(FAULT_MS);
      const counts = await stage.order({ do: 'counts' });
      for (const contender of names) {
        const mine = counts[contender] ?? [];
        const all = mine.reduce((sum, count) => sum + count, 0);
        samples.push({ row, contender, round, value: (mine[slot] ?? NaN) / all });
      }
      await stage.order({ do: 'fault', slot, fault: 'none' });
      callers.enter('between');
      await pause(HEALED_MS);
    }
    callers.enter('rolling');
    for (let slot = 0; slot < INSTANCES; slot += 1) {
      await stage.order({ do: 'roll', slot });
      await pause(BETWEEN_ROLLS_MS);
    }
    callers.enter('outage');
    await stage.consul.kill();
    await pause(OUTAGE_STEP_MS);
    await stage.order({ do: 'end', slot: ended });
    await pause(OUTAGE_STEP_MS);
    await stage.order({ do: 'move', slot: moved });
    await pause(OUTAGE_REST_MS);
    callers.enter('empty');
    await stage.consul.restart();
    await pause(UNREGISTERED_MS);
    await stage.order({ do: 'register' });
    await pause(EMPTY_REST_MS);
    for (const [contender, { phases, sockets }] of await callers.finish()) {
      const note = (row: RowName, value: number | undefined, error?: string) =>
        samples.push({ row, contender, round, value: value ?? NaN, ...(error !== undefined && { error }) });
      note('failedRolling', phases.rolling?.failed, phases.rolling?.error);
      note('failedOutage', phases.outage?.failed, phases.outage?.error);
      note('failedEmpty', phases.empty?.failed, phases.empty?.error);
      note('registrySockets', sockets.registry);
      note('instanceSockets', sockets.instances);
    }
    await stage.order({ do: 'counts' });
    return stage.stalledMs > STALLED_MS ? [] : samples;
  } finally {
    await callers.kill();
    await stage.stop();
  }
}
