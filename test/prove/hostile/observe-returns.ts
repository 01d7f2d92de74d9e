import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import type { Look } from './hostile-plan.js';
import type { HostileProcess } from './hostile-process.js';
import type { HostileEvent } from './judge-hostile.js';
import { pauseOf } from './pause-of.js';
import type { Side } from './sides/side.js';
import { waitedMs, waitedSince } from './watch-threads.js';

/** The Registrars of one process, as readers see them and as it does itself. */
export type Party = readonly [side: Side, process: HostileProcess];

interface Return {
  /** Undefined: it did not come back. */
  readonly backMs: number | undefined;
  /** What of it a thread of the process, or ours with the fuzzers, waited for a processor. */
  readonly waitedMs: number;
  readonly atHealing: Look;
  readonly last: Look;
}

const LOOK_EVERY_MS = 50;
/** Longer than what is promised, so that a late return is measured and not cut off. */
const GIVE_UP_MS = 15_000;

/** Notes when each Registrar is back, and how long those of the control take for as much: they were never away. */
export async function observeReturns(
  party: Party,
  controls: readonly Party[],
  note: (event: HostileEvent) => void,
): Promise<void> {
  const healedAt = wallClock();
  const [returns, ...others] = await Promise.all([
    returnsOf(party, healedAt),
    ...controls.map((each) => returnsOf(each, healedAt)),
  ]);
  const controlBackMs = Math.max(0, ...others.flat().map(({ backMs }) => backMs ?? GIVE_UP_MS));
  for (const [registrar, { backMs, waitedMs: waited, atHealing, last }] of returns.entries())
    note({
      event: 'healed',
      at: wallClock(),
      registrar,
      backMs,
      waitedMs: waited,
      controlBackMs,
      pauseMs: pauseOf(atHealing.trouble),
      says: JSON.stringify({ then: atHealing, now: last }),
      thread: last.thread,
    });
}

/**
 * A Registrar is back since its first accepted heartbeat that was sent after the healing, if then readers find it. It
 * knows the time itself: on a busy machine, one look of ours may take a second.
 */
async function returnsOf([side, process]: Party, healedAt: number): Promise<Return[]> {
  const atHealing = await process.look();
  const waitedBefore = waitedMs();
  const backMs: (number | undefined)[] = atHealing.map(() => undefined);
  const waited = atHealing.map(() => 0);
  let looks = atHealing;
  while (backMs.includes(undefined) && wallClock() - healedAt < GIVE_UP_MS) {
    looks = await process.look();
    const passing = await side.passing();
    const oursMs = waitedSince(waitedBefore);
    for (const [registrar, { id, state, missedInRow, wellSince, waitedMs: itsMs }] of looks.entries()) {
      const isWell = state === 'registered' && missedInRow === 0 && passing.has(id);
      if (!isWell || wellSince === undefined || backMs[registrar] !== undefined) continue;
      backMs[registrar] = Math.max(0, wellSince - healedAt);
      waited[registrar] = Math.max(itsMs, oursMs);
    }
    await pause(LOOK_EVERY_MS);
  }
  return atHealing.map((look, registrar) => ({
    backMs: backMs[registrar],
    waitedMs: waited[registrar] ?? 0,
    atHealing: look,
    last: looks[registrar] ?? look,
  }));
}
