import type { StopWork } from './stop-work.js';

/** A part of the stop that happens once. Resolves with the errors met on the way; a rejection counts as one more. */
export type Step = (work: StopWork) => Promise<readonly Error[]> | Promise<void>;

/** Steps that run side by side; the next phase begins when all of them have ended. */
export interface Phase {
  readonly name: string;
  readonly steps: readonly Step[];
  /** What it waits for just now, for people; undefined: for nothing. */
  readonly waitsFor: (work: StopWork) => string | undefined;
}

const runHooksBeforeDeregister: Step = (work) => work.runHooks('before deregister');
const deregister: Step = (work) => work.deregister();

const closeHealthServer: Step = async (work) => {
  await work.closeHealthServer();
  return work.runHooks('after close');
};

/** The first half of a stop, one step after another: out of the registry, still serving. */
export const stepsToLeave: readonly Step[] = [runHooksBeforeDeregister, deregister];

/** The whole stop, in order. */
export const phases: readonly Phase[] = [
  {
    name: 'hooks before deregister',
    steps: [runHooksBeforeDeregister],
    waitsFor: () => "the hooks 'before deregister'",
  },
  {
    name: 'deregister and drain',
    steps: [deregister, (work) => work.drain()],
    waitsFor: (work) => work.drainWaitsFor,
  },
  {
    name: 'hooks after drain',
    steps: [(work) => work.runHooks('after drain')],
    waitsFor: () => "the hooks 'after drain'",
  },
  {
    name: 'close the server',
    steps: [(work) => work.closeServer()],
    waitsFor: (work) => work.openTraffic,
  },
  {
    name: 'health server and hooks after close',
    steps: [closeHealthServer],
    waitsFor: () => "the hooks 'after close'",
  },
  {
    name: 'let go of the registry',
    steps: [(work) => work.closeRegistry()],
    waitsFor: () => 'the registry to let go',
  },
];
