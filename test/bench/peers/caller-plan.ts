import type { ContenderName, PeerWorld } from './contender.js';

export interface CallerPlan {
  readonly contender: ContenderName;
  readonly world: PeerWorld;
  readonly callsPerSecond: number;
}

/** What happens to the instances meanwhile. */
export type Phase = 'steady' | 'fault' | 'rolling' | 'outage' | 'empty' | 'between';

export type ToCaller = { readonly phase: Phase } | { readonly finish: true };

/** Of the calls that began in a phase. */
export interface PhaseCalls {
  readonly calls: number;
  readonly failed: number;
  /** The first of them. */
  readonly error: string | undefined;
}

export type FromCaller =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'result';
      readonly phases: Readonly<Partial<Record<Phase, PhaseCalls>>>;
      /** Open connections at the end of the steady phase. */
      readonly sockets: { readonly registry: number; readonly instances: number };
    };
