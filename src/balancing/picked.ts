import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { InstanceLoad } from './instance-load.js';

/**
 * How a call ended. `ok`: the instance answered, whatever it said; `failed`: it did not answer, or not in time, or with
 * 502, 503 or 504; `refused`: it could not be connected to; `ignored`: nothing is known of it, e.g. since the caller gave
 * up.
 */
export type Outcome = 'ok' | 'failed' | 'refused' | 'ignored';

/** Takes back what was picked. */
export interface PickOwner {
  settle(picked: PickedCall, outcome: Outcome): void;
}

/** The instance for one call. */
export interface Picked {
  readonly instance: ResolvedInstance;
  /** Scheme, host and port for the call, e.g. `http://10.0.0.7:3000`. */
  readonly origin: string;
  /** Says that the call has ended. Counts once; a call of which it is never said counts as under way for 60 s. */
  done(outcome?: Outcome): void;
}

/** A call, as the balancer counts it. */
export class PickedCall implements Picked {
  readonly instance: ResolvedInstance;
  readonly load: InstanceLoad;
  /** In which it began. */
  readonly period: number;
  /** On the monotonic clock; 0 where latency does not matter. */
  readonly startedAt: number;
  #owner: PickOwner | undefined;

  constructor(load: InstanceLoad, owner: PickOwner, period: number, startedAt: number) {
    this.instance = load.instance;
    this.load = load;
    this.period = period;
    this.startedAt = startedAt;
    this.#owner = owner;
  }

  get origin(): string {
    return this.instance.origin!;
  }

  done(outcome: Outcome = 'ok'): void {
    const owner = this.#owner;
    this.#owner = undefined;
    owner?.settle(this, outcome);
  }
}
