import { isError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';

/** What a subscriber does when the process receives a termination signal. */
export interface TerminationHandler {
  /** At the first signal. Resolves when the stop is done: true when it was clean. */
  stop(reason: string, interactive: boolean): Promise<boolean>;
  /** At a second signal: ends everything at once. */
  forceStop(reason: string): void;
}

/** A function that listens to an event. */
export interface NamedListener {
  readonly name: string;
  /** Its source. */
  toString(): string;
}

/** The part of `process` that this file uses; a test passes its own. */
export interface ProcessLike {
  on(event: string, listener: (event: string) => void): unknown;
  prependListener(event: string, listener: () => void): unknown;
  removeListener(event: string, listener: (event: string) => void): unknown;
  listeners(event: string): readonly NamedListener[];
  emit(event: string): boolean;
  exit(code: number): void;
  readonly stdin: { readonly isTTY?: boolean };
}

/**
 * What the host does at a signal. `absent`: it does not listen, so we exit. `once`: its listeners were removed before
 * they ran, so a second signal comes from a person. `stays`: it listens on, and a second signal after it has removed
 * its listeners is its own way to end the process, as that of Nest and terminus.
 */
type Host = 'absent' | 'once' | 'stays';

interface OwnListeners {
  /** Runs before the host's listeners: one added with `once` is removed before ours runs. */
  readonly witness: () => void;
  readonly listener: () => void;
}

/**
 * The listeners of all Registrars of the process, and the only place that exits it. Without other listeners the
 * process exits when all Registrars have stopped: with 0 when every stop was clean, else with 1. When the host listens
 * too, the host must exit, or send the signal again once it has removed its listeners.
 */
export class Signals {
  readonly #process: ProcessLike;
  readonly #handlers = new Map<TerminationHandler, readonly string[]>();
  readonly #listeners = new Map<string, OwnListeners>();
  readonly #onForeign = new Set<() => void>();
  #ending: 'not yet' | 'signalled' | 'requested' = 'not yet';
  #host: Host = 'absent';
  readonly #onNewListener = (event: string) => {
    if (this.#listeners.has(event)) for (const run of this.#onForeign) run();
  };

  constructor(process: ProcessLike) {
    this.#process = process;
  }

  /** Calls `handler` at any of `signals`, and at 'beforeExit'. The returned function unsubscribes. */
  subscribe(signals: readonly string[], handler: TerminationHandler): () => void {
    this.#handlers.set(handler, signals);
    for (const signal of [...signals, 'beforeExit']) this.#listen(signal);
    return () => {
      this.#handlers.delete(handler);
      if (this.#ending === 'not yet') this.#tidy();
    };
  }

  /** The host's own listeners of a signal, in the order in which they run. */
  foreign(signal: string): readonly NamedListener[] {
    const ours = this.#listeners.get(signal);
    return this.#process.listeners(signal).filter((each) => each !== ours?.listener && each !== ours?.witness);
  }

  /** During a stop: the host listened to the signal that began it, so the host ends the process. */
  get isHostEnding(): boolean {
    return this.#host !== 'absent';
  }

  /**
   * Calls `run` whenever the process is about to get one more listener of a subscribed signal. The returned function
   * ends that.
   */
  onForeign(run: () => void): () => void {
    if (this.#onForeign.size === 0) this.#process.on('newListener', this.#onNewListener);
    this.#onForeign.add(run);
    return () => {
      if (this.#onForeign.delete(run) && this.#onForeign.size === 0)
        this.#process.removeListener('newListener', this.#onNewListener);
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
    this.#host = this.foreign('SIGTERM').length > 0 ? 'stays' : 'absent';
    const clean = await this.#stopAll([...this.#handlers.keys()], reason, false);
    if (this.foreign('SIGTERM').length > 0) this.#process.emit('SIGTERM');
    else this.#process.exit(clean ? 0 : 1);
  }

  #listen(signal: string): void {
    if (this.#listeners.has(signal)) return;
    const own = {
      witness: () => {
        if (this.#ending === 'not yet') this.#host = this.foreign(signal).length > 0 ? 'once' : 'absent';
      },
      listener: () => {
        void this.#end(signal);
      },
    };
    this.#process.on(signal, own.listener);
    this.#process.prependListener(signal, own.witness);
    this.#listeners.set(signal, own);
  }

  /** Removes the listeners that no subscriber needs. */
  #tidy(): void {
    const needed = new Set([...this.#handlers.values()].flat());
    for (const [signal, { witness, listener }] of this.#listeners) {
      if (needed.has(signal) || (signal === 'beforeExit' && this.#handlers.size > 0)) continue;
      this.#process.removeListener(signal, witness);
      this.#process.removeListener(signal, listener);
      this.#listeners.delete(signal);
    }
  }

  async #end(signal: string): Promise<void> {
    const notified = [...this.#handlers].flatMap(([handler, signals]) =>
      signal === 'beforeExit' || signals.includes(signal) ? [handler] : [],
    );
    if (this.#ending !== 'not yet') {
      if (this.#ending === 'requested') this.#ending = 'signalled';
      else if (this.#host === 'stays' && this.foreign(signal).length === 0) this.#host = 'absent';
      else for (const handler of notified) handler.forceStop(`a second signal (${signal})`);
      return;
    }
    this.#ending = 'signalled';
    // After the listeners that follow ours have run.
    queueMicrotask(() => {
      if (this.#host === 'once' && this.foreign(signal).length > 0) this.#host = 'stays';
    });
    const interactive = signal === 'SIGINT' && this.#process.stdin.isTTY === true;
    const clean = await this.#stopAll(notified, signal, interactive);
    if (this.#host === 'absent' && signal !== 'beforeExit') this.#process.exit(clean ? 0 : 1);
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
