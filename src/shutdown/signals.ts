import { isError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';

/** What a subscriber does when the process receives a termination signal. */
export interface TerminationHandler {
  /** At the first signal. Resolves when the stop is done: true when it was clean. */
  stop(reason: string, interactive: boolean): Promise<boolean>;
  /** At a second signal: ends everything at once. */
  forceStop(reason: string): void;
}

/** The part of `process` that this file uses; a test passes its own. */
export interface ProcessLike {
  on(event: string, listener: () => void): unknown;
  removeListener(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
  emit(event: string): boolean;
  exit(code: number): void;
  readonly stdin: { readonly isTTY?: boolean };
}

/**
 * One listener a signal for all Registrars of the process, and the only place that exits it. Without other listeners
 * the process exits when all Registrars have stopped: with 0 when every stop was clean, else with 1. When the host
 * listens too, the host must exit.
 */
export class Signals {
  readonly #process: ProcessLike;
  readonly #handlers = new Map<
    TerminationHandler,
    { signals: readonly string[]; onShared: (signal: string) => void }
  >();
  readonly #listeners = new Map<string, () => void>();
  #ending: 'not yet' | 'signalled' | 'requested' = 'not yet';

  constructor(process: ProcessLike) {
    this.#process = process;
  }

  /**
   * Calls `handler` at any of `signals`, and at 'beforeExit'. `onShared` reports a signal with other listeners. The
   * returned function unsubscribes.
   */
  subscribe(signals: readonly string[], handler: TerminationHandler, onShared: (signal: string) => void): () => void {
    this.#handlers.set(handler, { signals, onShared });
    for (const signal of [...signals, 'beforeExit']) this.#listen(signal);
    return () => {
      this.#handlers.delete(handler);
      if (this.#ending === 'not yet') this.#tidy();
    };
  }

  /**
   * Stops and exits as at a SIGTERM, on behalf of another process, e.g. the primary of a cluster. The signal behind
   * that request may reach this process too, so the next signal does not count as a second one. A host that listens
   * to SIGTERM receives it afterwards.
   */
  async endAsAsked(reason: string): Promise<void> {
    if (this.#ending !== 'not yet') return;
    this.#ending = 'requested';
    const clean = await this.#stopAll([...this.#handlers.keys()], reason, false);
    // Our own listeners have been removed by now, so these are the host's.
    if (this.#process.listenerCount('SIGTERM') > 0) this.#process.emit('SIGTERM');
    else this.#process.exit(clean ? 0 : 1);
  }

  #listen(signal: string): void {
    if (this.#listeners.has(signal)) return;
    const listener = () => {
      void this.#end(signal);
    };
    this.#listeners.set(signal, listener);
    this.#process.on(signal, listener);
  }

  /** Removes the listeners that no subscriber needs. */
  #tidy(): void {
    const needed = new Set([...this.#handlers.values()].flatMap(({ signals }) => signals));
    for (const [signal, listener] of this.#listeners) {
      if (needed.has(signal) || (signal === 'beforeExit' && this.#handlers.size > 0)) continue;
      this.#process.removeListener(signal, listener);
      this.#listeners.delete(signal);
    }
  }

  async #end(signal: string): Promise<void> {
    const notified = [...this.#handlers].filter(
      ([, { signals }]) => signal === 'beforeExit' || signals.includes(signal),
    );
    if (this.#ending !== 'not yet') {
      if (this.#ending === 'signalled')
        for (const [handler] of notified) handler.forceStop(`a second signal (${signal})`);
      this.#ending = 'signalled';
      return;
    }
    this.#ending = 'signalled';
    const shared = signal !== 'beforeExit' && this.#process.listenerCount(signal) > 1;
    if (shared) for (const [, { onShared }] of notified) onShared(signal);
    const interactive = signal === 'SIGINT' && this.#process.stdin.isTTY === true;
    const clean = await this.#stopAll(
      notified.map(([handler]) => handler),
      signal,
      interactive,
    );
    if (!shared && signal !== 'beforeExit') this.#process.exit(clean ? 0 : 1);
  }

  async #stopAll(handlers: readonly TerminationHandler[], reason: string, interactive: boolean): Promise<boolean> {
    const clean = await Promise.all(handlers.map((handler) => handler.stop(reason, interactive).catch(() => false)));
    this.#ending = 'not yet';
    this.#tidy();
    return clean.every(Boolean);
  }
}

/** The signals of this process. */
export const processSignals = (): Signals => processWide('signals', () => new Signals(process));

/** Whether a process with this id exists on this host. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to another user.
    return isError(error) && 'code' in error && error.code === 'EPERM';
  }
}
