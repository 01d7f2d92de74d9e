/** What the process with the instances is told. */
export type ToFaults =
  | {
      readonly ask: 'start';
      readonly id: string;
      readonly url: string;
      readonly who: 'ours' | 'control';
      readonly ttlMs: number;
      readonly intervalMs: number;
    }
  | { readonly ask: 'stop'; readonly id: string }
  /** Garbage is collected, and the memory counted from now on. */
  | { readonly ask: 'rest' }
  | { readonly ask: 'memory' };

/** What it tells. */
export type FromFaults =
  | { readonly kind: 'ready' }
  | { readonly kind: 'stopped'; readonly id: string; readonly at: number }
  | { readonly kind: 'rested' }
  | { readonly kind: 'memory'; readonly before: number; readonly most: number }
  | { readonly kind: 'unhandled'; readonly what: string };
