/** How often a live thread writes a sign of life. */
export const SIGN_EVERY_MS = 50;

/** The usual lateness of timers; more means that the observing thread was delayed itself. */
const USUAL_LATENESS_MS = SIGN_EVERY_MS;

/**
 * Measures how long another thread has given no sign of life, checked every `SIGN_EVERY_MS`. A delay of the observer
 * itself (an overloaded, paused or sleeping machine) may have delayed the other thread too, so that time does not
 * count.
 */
export class StallDetector {
  #lookedAt: number;
  #signAt: number;
  #excusedMs = 0;

  constructor(now: number) {
    this.#lookedAt = now;
    this.#signAt = now;
  }

  /** The silence that counts, in milliseconds, given the time of the last sign. */
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

/** Whether the silence exceeds the tolerance; a stall may begin up to one sign interval before the silence does. */
export function isStalled(silentMs: number, toleranceMs: number): boolean {
  return patienceMs(silentMs, toleranceMs) < 0;
}

/** Time left before the silence counts as a stall; negative once it does. */
export function patienceMs(silentMs: number, toleranceMs: number): number {
  return toleranceMs + SIGN_EVERY_MS - silentMs;
}
