import type { ComponentOptions } from '../../config/options.js';

/** A component with its run, to be taken as it is or with settings of your own: `{ ...ping(url), interval: '30s', onFail: 'break' }`. */
export interface ReadyMade extends ComponentOptions {
  readonly run: (signal: AbortSignal) => unknown;
}

/** From where on a figure is a warning, and from where on critical. Critical below warn: less is worse. */
export interface Limits {
  readonly warn?: number;
  readonly critical?: number;
}
