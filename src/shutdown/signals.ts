import { isError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';

/** What a subscriber does when the process is told to end. */
export interface TerminationHandler {
  /** The first signal. Resolves when all is done: true when that went cleanly. */
  stop(reason: string, interactive: boolean): Promise<boolean>;
  /** A second signal: somebody has run out of patience. */
  forceStop(reason: string): void;
}

/** What of the process this file touches; a test passes its own. */
export interface ProcessLike {
  on(event: string, listener: () => void): unknown;
  removeListener(event: string, listener: () => void): unknown;
  listenerCount(event: string): number;
  emit(event: string): boolean;
  exit(code: number): void;
  readonly stdin: { readonly isTTY?: boolean };
}

/**
 * One listener a signal for all Registrars of a process, and the only place that ends it. When nobody else listens to the
 * signal the process ends with it, as it would have without us: 0 when every Registrar stopped cleanly, 1 when not. When
 * the host listens too, ending is the host's business.
 */
export class Signals {
  readonly #process: ProcessLike;
  readonly #handlers = new Map<
    TerminationHandler,
    { signals: readonly string[]; onShared: (signal: string) => void }
  >();
  readonly #listeners = new Map<string, () => void>();
  #ending: 'not yet' | 'signalled' | 'asked' = 'not yet';

  constructor(process: ProcessLike) {
    this.#process = process;
  }

  /** Calls `handler` at any of `signals`, and when the process is about to end for want of work. The returned function ends that. */
  subscribe(signals: readonly string[], handler: TerminationHandler, onShared: (signal: string) => void): () => void {
    this.#handlers.set(handler, { signals, onShared });
    for (const signal of [...signals, 'beforeExit']) this.#listen(signal);
    return () => {
      this.#handlers.delete(handler);
      if (this.#ending === 'not yet') this.#tidy();
    };
  }

  /**
   * Ends the process as a SIGTERM would: somebody who may ask for it has asked, e.g. the primary of a cluster. The signal that made that one ask may
   * have been sent to us as well, so a first signal that follows is not a second one. A host that listens to SIGTERM is told by it, afterwards.
   */
  async endAsAsked(reason: string): Promise<void> {
    if (this.#ending !== 'not yet') return;
    this.#ending = 'asked';
    const clean = await this.#stopAll([...this.#handlers.keys()], reason, false);
    // All of ours have been taken off by now, with those whom they were for.
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

  /** Takes off the listeners that nobody needs any more. */
  #tidy(): void {
    const needed = new Set([...this.#handlers.values()].flatMap(({ signals }) => signals));
    for (const [signal, listener] of this.#listeners) {
      if (needed.has(signal) || (signal === 'beforeExit' && this.#handlers.size > 0)) continue;
      this.#process.removeListener(signal, listener);
      this.#listeners.delete(signal);
    }
  }

  async #end(signal: string): Promise<void> {
    const told = [...this.#handlers].filter(([, { signals }]) => signal === 'beforeExit' || signals.includes(signal));
    if (this.#ending !== 'not yet') {
      if (this.#ending === 'signalled') for (const [handler] of told) handler.forceStop(`a second signal (${signal})`);
      this.#ending = 'signalled';
      return;
    }
    this.#ending = 'signalled';
    const shared = signal !== 'beforeExit' && this.#process.listenerCount(signal) > 1;
    if (shared) for (const [, { onShared }] of told) onShared(signal);
    const interactive = signal === 'SIGINT' && this.#process.stdin.isTTY === true;
    const clean = await this.#stopAll(
      told.map(([handler]) => handler),
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

/** Whether there is such a process on this host. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there, and somebody else's.
    return isError(error) && 'code' in error && error.code === 'EPERM';
  }
}
