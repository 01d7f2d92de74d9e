import type { StopWork } from './stop-work.js';

/** A part of the stop that happens once. Resolves with its errors; a rejection counts as one more. */
export type Step = (work: StopWork) => Promise<readonly Error[]> | Promise<void>;

/** Steps that run side by side; the next phase begins when all of them have ended. */
export interface Phase {
  readonly name: string;
  readonly steps: readonly Step[];
  /** What the phase waits for now, for people; undefined: nothing. */
  readonly waitsFor: (work: StopWork) => string | undefined;
}

const runHooksBeforeDeregister: Step = (work) => work.runHooks('before deregister');
const deregister: Step = (work) => work.deregister();
const drain: Step = (work) => work.drain();
const runHooksAfterDrain: Step = (work) => work.runHooks('after drain');
const closeServer: Step = (work) => work.closeServer();
const closeHealthServer: Step = async (work) => {
  await work.closeHealthServer();
  return work.runHooks('after close');
};
const closeRegistry: Step = (work) => work.closeRegistry();

const untilDrained: Phase['waitsFor'] = (work) => work.drainWaitsFor;
const untilClosed: Phase['waitsFor'] = (work) => work.openTraffic;
const until =
  (what: string): Phase['waitsFor'] =>
  () =>
    what;

/** What deregisters, in order, and keeps serving. */
export const stepsToDeregister: readonly Step[] = [runHooksBeforeDeregister, deregister];

/** The whole stop, in order. */
export const phases: readonly Phase[] = [
  {
    name: 'hooks before deregister',
    steps: [runHooksBeforeDeregister],
    waitsFor: until("the hooks 'before deregister'"),
  },
  { name: 'deregister and drain', steps: [deregister, drain], waitsFor: untilDrained },
  { name: 'hooks after drain', steps: [runHooksAfterDrain], waitsFor: until("the hooks 'after drain'") },
  { name: 'close the server', steps: [closeServer], waitsFor: untilClosed },
  {
    name: 'health server and hooks after close',
    steps: [closeHealthServer],
    waitsFor: until("the hooks 'after close'"),
  },
  { name: 'let go of the registry', steps: [closeRegistry], waitsFor: until('the registry to let go') },
];

/** The first half of a stop: as long as the instance gets requests. */
export const phasesToLeave: readonly Phase[] = phases.slice(0, 2);
