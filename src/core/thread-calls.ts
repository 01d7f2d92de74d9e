import type { Transferable } from 'node:worker_threads';
import { systemClock } from './clock.js';
import { asError } from './errors.js';

/** From the start of a thread to its first answer. */
const START_WITHIN_MS = 2_000;
/** A thread must not use up the host's memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 };

/** A message to the thread; it answers each one, with the same number. */
export interface ThreadCall<Request> {
  readonly number: number;
  /** Undefined: the thread only shows that it runs. */
  readonly request: Request | undefined;
}

export interface ThreadAnswer<Reply> {
  readonly number: number;
  readonly reply: Reply | undefined;
}

/** A running thread. */
export interface Thread<Request> {
  post(call: ThreadCall<Request>, transfer: readonly Transferable[]): void;
}

/** `ended` is called when the thread failed or ended, perhaps more than once. Rejects if no thread can start. */
export type StartThread<Request, Reply> = (
  answered: (answer: ThreadAnswer<Reply>) => void,
  ended: (error: Error) => void,
) => Promise<Thread<Request>>;

interface PendingCall<Reply> {
  readonly resolve: (reply: Reply | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Calls to a worker thread, which starts with the first one. */
export class ThreadCalls<Request, Reply> {
  readonly #start: StartThread<Request, Reply>;
  readonly #pending = new Map<number, PendingCall<Reply>>();
  #thread: Promise<Thread<Request> | undefined> | undefined;
  #calls = 0;
  /** What ended one thread might end the next. */
  #hasEnded = false;

  constructor(start: StartThread<Request, Reply>) {
    this.#start = start;
  }

  /** Whether the thread runs; starts it if there was none yet. Never rejects. */
  async isRunning(): Promise<boolean> {
    this.#thread ??= this.#begin();
    return (await this.#thread) !== undefined && !this.#hasEnded;
  }

  /** Resolves to the answer. Rejects when the thread ends. What is in `transfer` is the thread's then. */
  async call(request: Request, transfer: readonly Transferable[] = []): Promise<Reply | undefined> {
    this.#thread ??= this.#begin();
    const thread = await this.#thread;
    if (thread === undefined || this.#hasEnded) throw new Error('the worker thread does not run');
    return this.#send(thread, request, transfer);
  }

  #send(
    thread: Thread<Request>,
    request: Request | undefined,
    transfer: readonly Transferable[],
  ): Promise<Reply | undefined> {
    this.#calls += 1;
    const number = this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve, reject });
      thread.post({ number, request }, transfer);
    });
  }

  /** Undefined if the thread does not answer: Node may not permit it, or a bundle lacks its file. */
  async #begin(): Promise<Thread<Request> | undefined> {
    const end = (error: Error) => {
      this.#hasEnded = true;
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    };
    const cancel = systemClock.after(START_WITHIN_MS, () => {
      end(new Error('the worker thread did not start in time'));
    });
    try {
      const thread = await this.#start(({ number, reply }) => {
        this.#pending.get(number)?.resolve(reply);
        this.#pending.delete(number);
      }, end);
      await this.#send(thread, undefined, []);
      return thread;
    } catch (thrown) {
      end(asError(thrown));
      return undefined;
    } finally {
      cancel();
    }
  }
}

/** Starts the thread whose file is at `url`. It never keeps the process alive. */
export function threadAt<Request, Reply>(url: () => URL, name: string): StartThread<Request, Reply> {
  return async (answered, ended) => {
    const { Worker } = await import('node:worker_threads');
    // Without the host's preloaded modules (`execArgv`).
    const worker = new Worker(url(), { name, execArgv: [], resourceLimits });
    worker.on('message', answered);
    worker.on('error', (thrown) => {
      ended(asError(thrown));
    });
    worker.on('exit', (code) => {
      ended(new Error(`the worker thread ended with exit code ${String(code)}`));
    });
    // After the listeners: adding one would reference the worker again.
    worker.unref();
    return {
      post: (call, transfer) => {
        worker.postMessage(call, transfer);
      },
    };
  };
}
