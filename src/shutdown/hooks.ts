import type { Clock } from '../core/clock.js';
import { parseDuration } from '../core/duration.js';
import type { Duration } from '../config/options.js';
import { ConfigError, HookFailedError, asError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { withDeadline } from '../core/deadline.js';

/** The moments of a stop at which hooks run: still listed; out of the registry and no more traffic; server closed. */
export const hookPoints = ['before deregister', 'after drain', 'after close'] as const;
export type HookPoint = (typeof hookPoints)[number];

/** What a stop is to do at its point. The signal aborts when its time, or that of the whole stop, is over. */
export type StopHook = (signal: AbortSignal) => unknown;

export interface HookOptions {
  /** How long it may take; the stop goes on then. @default '5s' */
  readonly timeout?: Duration;
}

interface Hook {
  readonly point: HookPoint;
  readonly name: string;
  readonly run: StopHook;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** What the host wants done on the way down, in the reverse of the order in which it was added. */
export class Hooks {
  readonly #clock: Clock;
  readonly #hooks: Hook[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The returned function takes the hook off again. Throws `ConfigError`. */
  add(point: HookPoint, name: string, run: StopHook, { timeout = DEFAULT_TIMEOUT_MS }: HookOptions = {}): () => void {
    const timeoutMs = parseDuration(timeout);
    const issues: ConfigIssue[] = [
      ...(hookPoints.includes(point)
        ? []
        : [{ field: 'onStop point', value: point, allowed: hookPoints.map((known) => `'${known}'`).join(', ') }]),
      ...(typeof name === 'string' && name !== ''
        ? []
        : [{ field: 'onStop name', value: name, allowed: 'a text that says what the hook is for' }]),
      ...(typeof run === 'function' ? [] : [{ field: 'onStop hook', value: run, allowed: 'a function' }]),
    ];
    if (timeoutMs === undefined)
      issues.push({ field: 'onStop timeout', value: timeout, allowed: "a duration, e.g. '5s'" });
    if (timeoutMs === undefined || issues.length > 0) throw new ConfigError(issues);
    const hook = { point, name, run, timeoutMs };
    this.#hooks.push(hook);
    return () => {
      const index = this.#hooks.indexOf(hook);
      if (index !== -1) this.#hooks.splice(index, 1);
    };
  }

  /** Runs those of one point, one after another. Resolves with an error for each that failed; an abort of the signal ends them all. */
  async run(point: HookPoint, signal: AbortSignal): Promise<Error[]> {
    const errors: Error[] = [];
    for (const { name, run, timeoutMs } of this.#hooks.filter((hook) => hook.point === point).reverse()) {
      const operation = `the hook '${name}' (${point})`;
      const work = async (bounded: AbortSignal) => {
        await run(bounded);
      };
      await withDeadline(this.#clock, timeoutMs, { operation }, signal, work).catch((thrown: unknown) => {
        const cause = asError(thrown);
        errors.push(new HookFailedError(`${operation} failed: ${cause.message}`, { operation: 'stop', cause }));
      });
    }
    return errors;
  }
}
