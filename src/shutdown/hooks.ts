import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../core/clock.js';
import { parseDuration } from '../core/duration.js';
import type { Duration } from '../config/options.js';
import { ConfigError, HookFailedError, asError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { withDeadline } from '../core/deadline.js';

/** When hooks run: still listed; deregistered and without traffic; server closed. */
export const hookPoints = ['before deregister', 'after drain', 'after close'] as const;
export type HookPoint = (typeof hookPoints)[number];

/** A stop hook. The signal aborts at the hook's own timeout or at that of the whole stop. */
export type StopHook = (signal: AbortSignal) => unknown;

export interface HookOptions {
  /** How long the hook may take; the stop goes on afterwards. @default '5s' */
  readonly timeout?: Duration;
}

interface Hook {
  readonly point: HookPoint;
  readonly name: string;
  readonly run: StopHook;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;

/** The host's stop hooks, run in the reverse order of their registration. */
export class Hooks {
  readonly #clock: Clock;
  readonly #hooks: Hook[] = [];

  /** Exists while hooks before deregistering run, because it costs every promise of the process a little. */
  #context: AsyncLocalStorage<true> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True for code that a hook before deregistering calls and waits for. */
  get isInside(): boolean {
    return this.#context?.getStore() === true;
  }

  /** Adds a hook. The returned function removes it. Throws `ConfigError` for bad arguments. */
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

  /**
   * Runs the hooks of one point, one after another. Resolves with an error for each that failed. The signal ends them
   * all.
   */
  async run(point: HookPoint, signal: AbortSignal): Promise<Error[]> {
    const errors: Error[] = [];
    const hooks = this.#hooks.filter((hook) => hook.point === point).reverse();
    if (point === 'before deregister' && hooks.length > 0) this.#context = new AsyncLocalStorage();
    for (const { name, run, timeoutMs } of hooks) {
      const operation = `the hook '${name}' (${point})`;
      const work = async (bounded: AbortSignal) => {
        await (this.#context === undefined ? run(bounded) : this.#context.run(true, () => run(bounded)));
      };
      await withDeadline(this.#clock, timeoutMs, { operation }, signal, work).catch((thrown: unknown) => {
        const cause = asError(thrown);
        errors.push(new HookFailedError(`${operation} failed: ${cause.message}`, { operation: 'stop', cause }));
      });
    }
    this.#context?.disable();
    this.#context = undefined;
    return errors;
  }
}
