import { untilNotified } from './abort.js';

/** The only source of time and the only owner of timers; tests inject one of their own. */
export interface Clock {
  /** Monotonic milliseconds, the same in every thread of the process: only differences mean something. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for what other processes must be able to compare. */
  wallTime(): number;
  /** Calls `run` once after `ms`; the returned function cancels it. Never holds the process open. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after `ms`; rejects with the signal's reason when that aborts first. Never holds the process open. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Keeps the process alive until the returned function is called: a stop in progress must not be cut off by an empty event loop. */
  hold(): () => void;
}

/** `setTimeout` fires at once for anything longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The real one. */
export const systemClock: Clock = {
  now() {
    // Unlike `performance.now()`, which begins anew in each thread.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
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

/** `sleep` in terms of `after`, shared by every clock. */
export function sleepOn(clock: Pick<Clock, 'after'>, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal !== undefined) return untilNotified((notify) => clock.after(ms, notify), signal);
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}
