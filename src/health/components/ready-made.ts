import type { ComponentOptions } from '../../config/options.js';

/**
 * A ready-made component, used as it is or with other settings: `{ ...ping(url), interval: '30s', onFail: 'break' }`.
 */
export interface ReadyMade extends ComponentOptions {
  readonly run: (signal: AbortSignal) => unknown;
}

/** The limits of a number. With `critical` below `warn`, lower is worse. */
export interface Limits {
  readonly warn?: number;
  readonly critical?: number;
}
