import type { Backend, Plant, Thread } from './judge-hostile.js';

/** How to make the registry of one Registrar; its options are what the backend's function takes. */
export interface RegistrarPlan {
  readonly id: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** How the process with the Registrars is to run. */
export interface HostilePlan {
  readonly backend: Backend;
  readonly thread: Thread;
  readonly registrars: readonly RegistrarPlan[];
  readonly ttlMs: number;
  readonly intervalMs: number;
  /** By their names; none of them may get out. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What it does wrong on purpose. */
  readonly plant?: Plant | undefined;
  /** Where a planted storm of requests goes. */
  readonly stormUrl?: string | undefined;
}

export type ToHostile =
  /** Health changes from now on, and the time counts. */
  | { readonly ask: 'episode' }
  /** All is well with the service itself. */
  | { readonly ask: 'calm' }
  | { readonly ask: 'look'; readonly n: number }
  | { readonly ask: 'rest'; readonly n: number }
  | { readonly ask: 'secret'; readonly name: string; readonly secret: string }
  | { readonly ask: 'stop' };

/** What a Registrar says of itself. */
export interface Look {
  readonly id: string;
  readonly state: string;
  readonly thread: string | undefined;
  readonly trouble: { readonly code: string; readonly message: string } | undefined;
  /** When the first heartbeat was accepted that was sent after all was calm, on the wall clock: none has failed since. */
  readonly wellSince: number | undefined;
  /** How long a thread of its process had waited for a processor until then, in milliseconds. */
  readonly waitedMs: number;
  readonly missedInRow: number;
}

export type FromHostile =
  | { readonly kind: 'ready' }
  | { readonly kind: 'looked'; readonly n: number; readonly looks: readonly Look[] }
  /** Since the episode began: the longest that a thread did not come round. In bytes, after garbage was collected. */
  | { readonly kind: 'rested'; readonly n: number; readonly stallMs: number; readonly heap: number }
  | { readonly kind: 'unhandled'; readonly what: string }
  | { readonly kind: 'canary'; readonly secret: string; readonly where: string; readonly around: string }
  | { readonly kind: 'stopped'; readonly errors: readonly string[] };
