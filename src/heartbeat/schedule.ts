import type { ActiveRegistration } from './active-registration.js';

/** A slot closer than this share of the interval to the beat before it is skipped. */
const NEAREST_SLOT_SHARE = 0.25;

/**
 * When to beat next: in this Registrar's own slot, so that the Registrars of a process and the processes of a fleet
 * do not beat together. `phase` is the slot as a share of the interval, 0 to 1.
 */
export function nextBeatAt(lastBeatAt: number, intervalMs: number, phase: number): number {
  const slot = phase * intervalMs;
  const earliest = lastBeatAt + intervalMs * NEAREST_SLOT_SHARE;
  return Math.ceil((earliest - slot) / intervalMs) * intervalMs + slot;
}

/**
 * Time left of the TTL: how long the entry stays healthy without another accepted beat. A beat may take effect as late
 * as its answer comes.
 */
export function marginMs({ beatAt, roundTripMs, ttlMs }: LastBeat, now: number): number {
  return beatAt + roundTripMs + ttlMs - now;
}

/** When the TTL ends that the last heartbeat started, if that arrived: its answer may be lost. */
export function expiryOf({ sentAt, roundTripMs, ttlMs }: SentBeat): number {
  return sentAt + roundTripMs + ttlMs;
}

type SentBeat = Pick<ActiveRegistration, 'sentAt' | 'roundTripMs' | 'ttlMs'>;
type LastBeat = Pick<ActiveRegistration, 'beatAt' | 'roundTripMs' | 'ttlMs'>;
