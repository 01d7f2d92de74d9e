import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import type { Look } from './hostile-plan.js';
import type { HostileProcess } from './hostile-process.js';
import type { HostileEvent } from './judge-hostile.js';
import { pauseOf } from './pause-of.js';
import type { Side } from './sides/side.js';

/** The Registrars of one process, as readers see them and as it does itself. */
export type Party = readonly [side: Side, process: HostileProcess];

interface Return {
  /** Undefined: it did not come back. */
  readonly backMs: number | undefined;
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
  const healedAt = performance.now();
  const [returns, ...others] = await Promise.all([
    returnsOf(party, healedAt),
    ...controls.map((each) => returnsOf(each, healedAt)),
  ]);
  const controlBackMs = Math.max(0, ...others.flat().map(({ backMs }) => backMs ?? GIVE_UP_MS));
  for (const [registrar, { backMs, atHealing, last }] of returns.entries())
    note({
      event: 'healed',
      at: wallClock(),
      registrar,
      backMs,
      controlBackMs,
      pauseMs: pauseOf(atHealing.trouble),
      says: JSON.stringify({ then: atHealing, now: last }),
      thread: last.thread,
    });
}

/** A Registrar is back once readers find it, and a heartbeat was accepted that was sent after the healing. */
async function returnsOf([side, process]: Party, healedAt: number): Promise<Return[]> {
  const atHealing = await process.look();
  const backMs: (number | undefined)[] = atHealing.map(() => undefined);
  let looks = atHealing;
  const isBack = (look: Look, passing: ReadonlySet<string>, now: number) => {
    const isWell = look.state === 'registered' && look.missedInRow === 0;
    return isWell && passing.has(look.id) && (look.lastBeatAgoMs ?? Infinity) < now - healedAt;
  };
  while (backMs.includes(undefined) && performance.now() - healedAt < GIVE_UP_MS) {
    const passing = await side.passing();
    looks = await process.look();
    const now = performance.now();
    for (const [registrar, look] of looks.entries())
      if (backMs[registrar] === undefined && isBack(look, passing, now)) backMs[registrar] = now - healedAt;
    await pause(LOOK_EVERY_MS);
  }
  return atHealing.map((look, registrar) => ({
    backMs: backMs[registrar],
    atHealing: look,
    last: looks[registrar] ?? look,
  }));
}
