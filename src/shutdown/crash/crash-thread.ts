import { Worker } from 'node:worker_threads';
import { serializeRegistry } from '../../heartbeat/worker/serialize-registry.js';
import type { SerializedRegistry } from '../../heartbeat/worker/messages.js';
import type { InstanceKey } from '../../contracts/service-instance.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';

/** An entry to remove at a crash, and how a thread builds the registry that holds it. */
export interface CrashRemoval {
  readonly registry: WorkerSpec;
  readonly key: InstanceKey;
}

/** `answers`: results of the options that are functions, by number; the crashed thread cannot call them any more. */
export interface SerializedRemoval {
  readonly registry: SerializedRegistry;
  readonly answers: readonly unknown[];
}

export type ToCrashThread =
  | { readonly kind: 'prepare'; readonly number: number; readonly registry: SerializedRegistry }
  | { readonly kind: 'leave'; readonly entries: readonly (SerializedRemoval & { readonly key: InstanceKey })[] };

export type FromCrashThread = { readonly prepared: number };

/** The thread needs little and must not use up the host's memory. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 48 };

/** The thread that removes entries when the main thread crashes. */
export interface CrashThread {
  /** Loads the registry's modules. Resolves when they are loaded. */
  prepare(registry: WorkerSpec): Promise<void>;
  /** Removes the entries and blocks the calling thread until done, for `withinMs` at most. */
  say(removals: readonly CrashRemoval[], withinMs: number): void;
  end(): void;
}

/** Starts the thread. It never keeps the process alive, and its failure does not affect the host. */
export function startCrashThread(): CrashThread {
  const done = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  // Without the host's preloaded modules (`execArgv`), and with output that never mixes with the host's.
  const worker = new Worker(new URL('./crash-worker.js', import.meta.url), {
    name: 'rollcall crash',
    workerData: done,
    execArgv: [],
    resourceLimits,
    stdout: true,
    stderr: true,
  });
  const dead = new Promise<never>((_resolve, reject) => {
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread ended with exit code ${String(code)}`)));
  });
  dead.catch(() => undefined);
  worker.unref();
  let requests = 0;
  const post = (message: ToCrashThread) => worker.postMessage(message);
  return {
    prepare(registry) {
      const number = (requests += 1);
      const prepared = new Promise<void>((resolve) => {
        const hear = (message: FromCrashThread) => {
          if (message.prepared !== number) return;
          worker.off('message', hear);
          resolve();
        };
        worker.on('message', hear);
        // Adding a listener referenced the thread again.
        worker.unref();
      });
      post({ kind: 'prepare', number, registry: serializeRegistry(registry, []) });
      return Promise.race([prepared, dead]);
    },
    say(removals, withinMs) {
      post({ kind: 'leave', entries: removals.map(({ registry, key }) => ({ ...serialize(registry), key })) });
      Atomics.wait(done, 0, 0, withinMs);
    },
    end() {
      void worker.terminate();
    },
  };
}

function serialize(registry: WorkerSpec): SerializedRemoval {
  const callbacks: (() => unknown)[] = [];
  const made = serializeRegistry(registry, callbacks);
  return { registry: made, answers: callbacks.map((ask) => settledAnswer(ask)) };
}

/** Only a synchronous result can be used: the event loop does not run any more. */
function settledAnswer(ask: () => unknown): unknown {
  try {
    const answer = ask();
    return answer instanceof Promise ? undefined : answer;
  } catch {
    return undefined;
  }
}
