import type { Source } from './sources.js';

/** Whoever is at the other end of a connection. */
export interface Peer {
  /** Where its requests are counted; undefined: it has sent none but probes yet. */
  source: Source | undefined;
}
