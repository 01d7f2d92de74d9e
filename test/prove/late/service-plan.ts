/** How the service is to reach its two agents, and where its heartbeats come from. */
export interface LatePlan {
  readonly form: 'endpoints' | 'chain';
  readonly thread: 'main' | 'worker';
  readonly ttlMs: number;
}

export type ToLate =
  | { readonly ask: 'start'; readonly id: string; readonly urls: readonly string[] }
  | { readonly ask: 'update'; readonly id: string };

export type FromLate = { readonly kind: 'ready' } | { readonly kind: 'registered'; readonly id: string };
