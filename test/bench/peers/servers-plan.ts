import type { Fault } from '../../prove/balance/faults.js';
import type { PeerWorld } from './contender.js';

export interface ServersPlan {
  readonly world: PeerWorld;
  readonly instances: number;
}

/**
 * What the instances are told. `roll`: deregisters, ends and starts again at another address; `end`, `move`: the same without a
 * word to the registry, and without or with a successor; `register`: all that run.
 */
export type ServersOrder =
  | { readonly do: 'fault'; readonly slot: number; readonly fault: Fault }
  | { readonly do: 'roll' | 'end' | 'move'; readonly slot: number }
  | { readonly do: 'register' | 'counts' };

export interface NumberedOrder {
  readonly serial: number;
  readonly order: ServersOrder;
}

/** How many requests of a caller each slot got since the last look. */
export type Counts = Readonly<Record<string, readonly number[]>>;

export interface ServersAnswer {
  readonly serial: number;
  readonly counts: Counts;
  /** The longest that the instances stood still so far. */
  readonly stalledMs: number;
}
