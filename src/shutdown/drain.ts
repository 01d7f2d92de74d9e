import type { Clock } from '../core/clock.js';
import type { Arrivals } from '../server/sources.js';
import { SILENCE_FLOOR_MS, provingSilenceMs } from './quiet-period.js';

const LOOK_EVERY_MS = 50;
/** A check this late was delayed by the process itself, which may have delayed requests too. */
const DEAF_AFTER_MS = 250;

export interface DrainPlan {
  readonly minMs: number;
  /** How long a source must be silent; 'auto': until its silence proves that it has gone. */
  readonly quietMs: number | 'auto';
  readonly maxMs: number;
  readonly clock: Clock;
  /** The sources of requests. */
  readonly sources: () => readonly Arrivals[];
  /** When readers of the registry stopped finding this instance, on the clock; undefined: they may still find it. */
  readonly absentSince: () => number | undefined;
}

/**
 * Serves on until the traffic has really gone: absent from the registry for `min`, and every source silent since then
 * for long enough; at most `max` in all. `min` covers load balancers that have not sent anything yet.
 */
export class Drain {
  readonly #plan: DrainPlan;
  readonly #startedAt: number;
  #hearingSince: number;
  #lookedAt: number;

  constructor(plan: DrainPlan) {
    this.#plan = plan;
    this.#startedAt = plan.clock.now();
    this.#hearingSince = this.#startedAt;
    this.#lookedAt = this.#startedAt;
  }

  /** What it waits for now, for people; undefined when the traffic has gone. */
  get waitingFor(): string | undefined {
    const { minMs, clock, absentSince } = this.#plan;
    const now = clock.now();
    const since = absentSince();
    if (since === undefined) return 'the registry to show that it is out';
    if (now - since < minMs) return `the end of shutdown.drain.min, ${seconds(now - since)} of ${seconds(minMs)}`;
    for (const source of this.#plan.sources()) {
      const silentMs = now - this.#lastSign(source, since);
      const enoughMs = this.#enoughMs(source);
      if (silentMs < enoughMs)
        return `${source.address} to have gone: silent for ${seconds(silentMs)} of ${seconds(enoughMs)}`;
    }
    return undefined;
  }

  /**
   * Resolves when the traffic has gone, or at `max` with the sources that still send. Ends at once when the signal
   * aborts.
   */
  async over(signal: AbortSignal): Promise<readonly string[]> {
    const { clock, maxMs } = this.#plan;
    for (;;) {
      const isWell = this.#look();
      if (signal.aborted || (isWell && this.waitingFor === undefined)) return [];
      if (clock.now() - this.#startedAt >= maxMs) return this.#stillComing();
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  /** Returns false when the event loop was blocked: silence then counts from now. */
  #look(): boolean {
    const now = this.#plan.clock.now();
    const isLate = now - this.#lookedAt > DEAF_AFTER_MS;
    this.#lookedAt = now;
    if (isLate) this.#hearingSince = now;
    return !isLate;
  }

  /** Silence counts only from when the registry no longer sent the source here. */
  #lastSign({ lastAt }: Arrivals, absentSince: number): number {
    return Math.max(lastAt, absentSince, this.#hearingSince);
  }

  #enoughMs(source: Arrivals): number {
    const { quietMs } = this.#plan;
    return quietMs === 'auto' ? provingSilenceMs(source) : quietMs;
  }

  #stillComing(): readonly string[] {
    const now = this.#plan.clock.now();
    const coming = this.#plan
      .sources()
      .filter((source) => now - source.lastAt < Math.min(SILENCE_FLOOR_MS, this.#enoughMs(source)));
    return coming.map(({ address }) => address);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
