import type { Source } from './sources.js';

/** The other end of a connection. */
export interface Peer {
  /** Where its requests are counted; undefined while it has sent only probes. */
  source: Source | undefined;
}
