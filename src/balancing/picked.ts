import type { ResolvedInstance } from '../contracts/resolved-instance.js';

/**
 * How a call ended. `ok`: the instance answered, whatever it said; `failed`: it did not answer, or not in time, or
 * with 502, 503 or 504; `refused`: it could not be connected to; `ignored`: nothing is known of it, e.g. since the
 * caller gave up.
 */
export type Outcome = 'ok' | 'failed' | 'refused' | 'ignored';

/** The instance for one call. */
export interface Picked {
  readonly instance: ResolvedInstance;
  /** Scheme, host and port for the call, e.g. `http://10.0.0.7:3000`. */
  readonly origin: string;
  /** Says that the call has ended. Counts once; a call of which it is never said counts as under way for 60 s. */
  done(outcome?: Outcome): void;
}

/** An instance that calls go to. */
export interface Callee {
  readonly instance: ResolvedInstance;
  /** Learns how the calls end. */
  readonly owner: { settle(picked: Picked, outcome: Outcome, period: number): void };
}

/** A call, as the balancer counts it; small, since each call makes one. */
export class PickedCall<To extends Callee> implements Picked {
  readonly instance: ResolvedInstance;
  readonly load: To;
  /** In which it began; -1: it has ended. */
  period: number;
  /** In ticks; 0 where latency does not matter. */
  readonly startedAt: number;

  constructor(load: To, period: number, startedAt: number) {
    this.instance = load.instance;
    this.load = load;
    this.period = period;
    this.startedAt = startedAt;
  }

  get origin(): string {
    return this.instance.origin as string;
  }

  done(outcome: Outcome = 'ok'): void {
    const { period } = this;
    if (period < 0) return;
    // First: a listener that is told of it may say so again.
    this.period = -1;
    this.load.owner.settle(this, outcome, period);
  }
}
