/** How often a thread that lives gives a sign of it. */
export const SIGN_EVERY_MS = 50;

/** Timers come late by so much on any machine; more means that whoever looks was held up itself. */
const USUAL_LATENESS_MS = SIGN_EVERY_MS;

/**
 * How long somebody has given no sign of life, as told by somebody who looks every `SIGN_EVERY_MS`. What kept the one who looks from
 * looking (a machine that is overloaded, paused or asleep) may have kept the other from giving signs: so much is not held against it.
 */
export class StallDetector {
  #lookedAt: number;
  #signAt: number;
  #excusedMs = 0;

  constructor(now: number) {
    this.#lookedAt = now;
    this.#signAt = now;
  }

  /** Milliseconds of silence that count, given when the last sign was given. */
  look(signAt: number, now: number): number {
    const latenessMs = now - this.#lookedAt - SIGN_EVERY_MS;
    this.#lookedAt = now;
    if (signAt !== this.#signAt) this.#excusedMs = 0;
    this.#signAt = signAt;
    const silentMs = now - signAt;
    if (latenessMs > USUAL_LATENESS_MS) this.#excusedMs += latenessMs;
    this.#excusedMs = Math.min(this.#excusedMs, silentMs);
    return silentMs - this.#excusedMs;
  }
}

/** A stall just under the tolerance may have begun right before the next sign. */
export function isStalled(silentMs: number, toleranceMs: number): boolean {
  return patienceMs(silentMs, toleranceMs) < 0;
}

/** How much longer the silence may last before it is a stall; negative: it is one. */
export function patienceMs(silentMs: number, toleranceMs: number): number {
  return toleranceMs + SIGN_EVERY_MS - silentMs;
}
