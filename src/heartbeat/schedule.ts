/** Share of the interval that a beat may take before it counts as failed, so that it never delays the next one. */
const DEADLINE_SHARE = 0.8;
/** A slot closer than this share of the interval to the beat before it is skipped. */
const NEAREST_SLOT_SHARE = 0.25;

/** The deadline of one beat, and of the work after it. */
export function beatDeadlineMs(intervalMs: number): number {
  return intervalMs * DEADLINE_SHARE;
}

/**
 * When to beat next: in this Registrar's own slot, so that the Registrars of a process and the processes of a fleet
 * do not beat together. `phase` is the slot as a share of the interval, 0 to 1.
 */
export function nextBeatAt(lastBeatAt: number, intervalMs: number, phase: number): number {
  const slot = phase * intervalMs;
  const earliest = lastBeatAt + intervalMs * NEAREST_SLOT_SHARE;
  return Math.ceil((earliest - slot) / intervalMs) * intervalMs + slot;
}

/** Time left of the TTL: how long the entry stays healthy without another accepted beat. */
export function marginMs(lastAcceptedAt: number, ttlMs: number, now: number): number {
  return lastAcceptedAt + ttlMs - now;
}
