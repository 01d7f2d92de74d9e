/** What is wrong with a server. */
export type Fault = 'none' | 'blackHole' | 'slow' | 'instant503';

interface Answer {
  readonly status: number;
  /** Undefined: none ever comes. */
  readonly afterMs: number | undefined;
}

/** How a server answers. */
export const faults: Readonly<Record<Fault, Answer>> = {
  none: { status: 200, afterMs: 5 },
  blackHole: { status: 200, afterMs: undefined },
  slow: { status: 200, afterMs: 50 },
  instant503: { status: 503, afterMs: 0 },
};
