import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import { processWide } from '../../core/process-wide.js';
import { departAll } from './depart.js';
import type { PlannedDeparture } from './depart.js';
import type { TimeLeft } from './time-left.js';

/** The part of `process` that this file uses; a test passes its own. */
export interface ExitingProcess {
  on(event: 'exit', listener: () => void): unknown;
  removeListener(event: 'exit', listener: () => void): unknown;
}

/**
 * Begins to leave in another thread, if one sends the heartbeats. The returned function waits for that thread and
 * returns what this one has to do.
 */
export type Leave = () => (leftMs: TimeLeft) => readonly PlannedDeparture[];

/** The longest time that an exit is delayed, for all Registrars of the process together. */
const WITHIN_MS = 1_000;

/**
 * Leaves the registry from the process's 'exit' event, which follows `process.exit()`, uncaught exceptions and
 * rejections. Nothing asynchronous runs any more. Writes no log line and never throws, so that exit code and output
 * stay as they are without rollcall.
 */
export class ExitHandler {
  readonly #process: ExitingProcess;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #leaves = new Set<Leave>();
  readonly #onExit = () => {
    this.#leaveAll();
  };

  constructor(process: ExitingProcess, clock: Pick<Clock, 'now'>) {
    this.#process = process;
    this.#clock = clock;
  }

  /** Calls `leave` at the exit, until the returned function is called. */
  subscribe(leave: Leave): () => void {
    if (this.#leaves.size === 0) this.#process.on('exit', this.#onExit);
    this.#leaves.add(leave);
    return () => {
      if (this.#leaves.delete(leave) && this.#leaves.size === 0) this.#process.removeListener('exit', this.#onExit);
    };
  }

  #leaveAll(): void {
    const endsAt = this.#clock.now() + WITHIN_MS;
    const leftMs = () => Math.max(0, endsAt - this.#clock.now());
    const begun = [...this.#leaves].map((leave) => attempt(leave));
    const planned = begun.flatMap((wait) => attempt(() => wait?.(leftMs)) ?? []);
    attempt(() => departAll(planned, leftMs));
  }
}

/** One that fails must not keep the others from leaving, and an error here would change the exit code. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/** The handler of this process. */
export const processExitHandler = (): ExitHandler =>
  processWide('exit handler', () => new ExitHandler(process, systemClock));
