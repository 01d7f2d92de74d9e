import type { ContenderName, PeerWorld } from './contender.js';

export interface PicksPlan {
  readonly world: PeerWorld;
  readonly rounds: number;
  readonly seed: number;
  readonly instances: number;
  /** Of each contender in a round. */
  readonly picks: number;
}

export interface UpdatePlan {
  readonly contender: ContenderName;
  readonly world: PeerWorld;
  readonly instances: number;
  readonly changes: number;
  /** The instances that it adds have the addresses after this one. */
  readonly firstNew: number;
}
