import { untilNotified } from './abort.js';

/** The only source of time and the only owner of timers; tests inject a fake one. */
export interface Clock {
  /** Monotonic milliseconds with one origin for all threads of the process: compare differences only. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for timestamps that other processes compare. */
  wallTime(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. Never holds the process open. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after `ms`; rejects with the signal's reason when that aborts first. Never holds the process open. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Keeps the process alive until the returned function is called: otherwise Node would exit in the middle of a stop as
   * soon as its event loop is empty.
   */
  hold(): () => void;
}

/** The longest delay of `setTimeout`; it fires a longer one at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `performance.now()` has an origin of its own in each thread, and costs a fraction of `process.hrtime()`. */
const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** The clock of the operating system. */
export const systemClock: Clock = {
  now: () => originMs + performance.now(),
  wallTime: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS)).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  sleep(ms, signal) {
    return sleepOn(systemClock, ms, signal);
  },
  hold() {
    const timer = setInterval(() => undefined, LONGEST_TIMER_MS);
    return () => {
      clearInterval(timer);
    };
  },
};

/** Resolves after what the event loop has to do now: I/O, and timers that are due. Holds the process that long. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    // With `unref` it would wait for the next other event.
    setImmediate(resolve);
  });
}

/** Implements `sleep` with `after`, for every clock. */
export function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal !== undefined) return untilNotified((notify) => clock.after(ms, notify), signal);
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
