/** How the service under observation is to run. */
export interface ServicePlan {
  readonly url: string;
  readonly name: string;
  /** @default a free one */
  readonly port?: number;
  readonly ttl?: string;
  /** File with its ACL token. */
  readonly tokenFile?: string;
  /** The readiness gate opens so long after 'listening'. @default 0 */
  readonly readyAfterMs?: number;
}

/** What it tells; times are on the wall clock. */
export type FromService =
  | { readonly kind: 'listening'; readonly at: number }
  | { readonly kind: 'opened'; readonly at: number }
  | { readonly kind: 'settled'; readonly at: number; readonly tookMs: number }
  | { readonly kind: 'told'; readonly at: number; readonly event: 'beat' | 'beatMissed' | 'rotated' }
  | { readonly kind: 'state'; readonly at: number; readonly to: string }
  | { readonly kind: 'memory'; readonly at: number; readonly heapUsed: number; readonly rss: number };
