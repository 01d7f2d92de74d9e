import { asError } from '../../core/errors.js';
import type { FromThread, ToThread } from './messages.js';
import type { SharedTimes } from './shared-times.js';

/** A running thread. */
export interface ThreadHandle {
  post(message: ToThread): void;
  /** Terminates the thread. Resolves when it has ended. */
  end(): Promise<void>;
}

export interface ThreadListener {
  heard(messages: readonly FromThread[]): void;
  /** The thread ended or failed to start. May be called more than once. */
  died(error: Error): void;
}

export type StartThread = (signsOfLife: SharedTimes, listener: ThreadListener) => Promise<ThreadHandle>;

/** The thread needs little and must not use up the host's memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** Starts the worker thread. It never keeps the process alive. Rejects when it cannot start. */
export const startThread: StartThread = async (signsOfLife, listener) => {
  const { Worker } = await import('node:worker_threads');
  // Without the host's preloaded modules (`execArgv`).
  const worker = new Worker(new URL('./beat-worker.js', import.meta.url), {
    name: 'rollcall',
    workerData: signsOfLife,
    execArgv: [],
    resourceLimits,
  });
  worker.on('message', (messages: readonly FromThread[]) => {
    listener.heard(messages);
  });
  worker.on('error', (thrown) => {
    listener.died(asError(thrown));
  });
  worker.on('exit', (code) => {
    listener.died(new Error(`the worker thread ended with exit code ${String(code)}`));
  });
  // After the listeners: adding one would reference the worker again.
  worker.unref();
  return {
    post: (message) => {
      worker.postMessage(message);
    },
    end: async () => {
      await worker.terminate();
    },
  };
};
