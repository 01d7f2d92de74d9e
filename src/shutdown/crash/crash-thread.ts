import { Worker } from 'node:worker_threads';
import { serializeRegistry } from '../../heartbeat/worker/serialize-registry.js';
import type { SerializedRegistry } from '../../heartbeat/worker/messages.js';
import type { InstanceKey } from '../../contracts/service-instance.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';

/** An entry that must not outlive the process, and what it takes to remove it when nothing here runs any more. */
export interface CrashRemoval {
  readonly registry: WorkerSpec;
  readonly key: InstanceKey;
}

/** `answers`: what functions among the options gave, by number; they cannot be asked any more. */
export interface SerializedRemoval {
  readonly registry: SerializedRegistry;
  readonly answers: readonly unknown[];
}

export type ToCrashThread =
  | { readonly kind: 'prepare'; readonly number: number; readonly registry: SerializedRegistry }
  | { readonly kind: 'leave'; readonly entries: readonly (SerializedRemoval & { readonly key: InstanceKey })[] };

export type FromCrashThread = { readonly prepared: number };

/** It needs little, and must not take what belongs to the host. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 48 };

/** A thread that waits for the moment when this one is at its end. */
export interface CrashThread {
  /** Resolves when what the registry needs is loaded. */
  prepare(registry: WorkerSpec): Promise<void>;
  /** Removes the entries, and holds this thread up until that is done, `withinMs` at most. */
  say(removals: readonly CrashRemoval[], withinMs: number): void;
  end(): void;
}

/** Starts it. It never holds the process open, and what befalls it is not felt. */
export function startCrashThread(): CrashThread {
  const done = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  // What the host has Node load before its own code has nothing to do in there, and what the thread may write is not for the host's output.
  const worker = new Worker(new URL('./crash-worker.js', import.meta.url), {
    name: 'rollcall farewell',
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
  let asked = 0;
  const post = (message: ToCrashThread) => worker.postMessage(message);
  return {
    prepare(registry) {
      const number = (asked += 1);
      const prepared = new Promise<void>((resolve) => {
        const hear = (message: FromCrashThread) => {
          if (message.prepared !== number) return;
          worker.off('message', hear);
          resolve();
        };
        worker.on('message', hear);
        // Listening took it back.
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
  const asked: (() => unknown)[] = [];
  const made = serializeRegistry(registry, asked);
  return { registry: made, answers: asked.map((ask) => settledAnswer(ask)) };
}

/** Nothing that takes its time can still be waited for. */
function settledAnswer(ask: () => unknown): unknown {
  try {
    const answer = ask();
    return answer instanceof Promise ? undefined : answer;
  } catch {
    return undefined;
  }
}
