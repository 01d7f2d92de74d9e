import { asError } from '../../core/errors.js';
import type { FromThread, ToThread } from './messages.js';
import type { SharedTimes } from './shared-times.js';

/** A thread that was started. */
export interface ThreadHandle {
  post(message: ToThread): void;
  /** Ends it, whatever it is doing. Resolves when it has ended. */
  end(): Promise<void>;
}

export interface ThreadListener {
  heard(messages: readonly FromThread[]): void;
  /** It is no more, or never came to be. May be told more than once. */
  died(error: Error): void;
}

export type StartThread = (signsOfLife: SharedTimes, listener: ThreadListener) => Promise<ThreadHandle>;

/** It needs little, and must not take what belongs to the host. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 };

/** Starts the worker thread of this process. It never holds the process open. Rejects when there can be none. */
export const startThread: StartThread = async (signsOfLife, listener) => {
  const { Worker } = await import('node:worker_threads');
  // What the host has Node load before its own code has nothing to do in there.
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
    listener.died(new Error(`it ended with exit code ${String(code)}`));
  });
  // After the listeners: the first one would take it back.
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
