import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import { processWide } from '../../core/process-wide.js';

/** The part of `process` that this file uses; a test passes its own. */
export interface ExitingProcess {
  on(event: 'exit', listener: () => void): unknown;
  removeListener(event: 'exit', listener: () => void): unknown;
}

/** How much of the time for all Registrars together remains, in milliseconds. */
export type TimeLeft = () => number;

/** Begins to leave, e.g. in another thread. The returned function does the rest, or waits for it. */
export type Leave = () => (leftMs: TimeLeft) => void;

/** The longest time that an exit is delayed, for all Registrars of the process together. */
const WITHIN_MS = 1_000;

/**
 * Leaves the registry from the process's 'exit' event, which follows `process.exit()`, uncaught exceptions and
 * rejections. Nothing asynchronous runs any more. Writes no log line and never throws, so that exit code and output stay
 * as they are without rollcall.
 */
export class ExitHandler {
  readonly #process: ExitingProcess;
  readonly #clock: Clock;
  readonly #leaves = new Set<Leave>();
  readonly #onExit = () => {
    this.#leaveAll();
  };

  constructor(process: ExitingProcess, clock: Clock) {
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
    const rest = [...this.#leaves].map((leave) => attempt(leave));
    for (const finish of rest) attempt(() => finish?.(leftMs));
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
