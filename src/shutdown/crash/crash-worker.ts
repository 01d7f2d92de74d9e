import { parentPort, workerData } from 'node:worker_threads';
import { builtInRegistries } from '../../backends/built-in-registries.js';
import { loadRegistry } from '../../heartbeat/worker/load-registry.js';
import type { FromCrashThread, ToCrashThread } from './crash-thread.js';

// Runs in the crash thread: removes entries when the main thread crashes.
const done = workerData as Int32Array;

parentPort?.on('message', (message: ToCrashThread) => {
  if (message.kind === 'prepare') void prepare(message);
  else void leave(message);
});

async function prepare({ number, registry }: Extract<ToCrashThread, { kind: 'prepare' }>): Promise<void> {
  // A registry that cannot be loaded now cannot be used at the crash either; there is no one to report to.
  await loadRegistry(registry, builtInRegistries, () => Promise.resolve(undefined)).catch(() => undefined);
  const answer: FromCrashThread = { prepared: number };
  parentPort?.postMessage(answer);
}

/** Removes by nonce, so that an entry of a newer incarnation stays. */
async function leave({ entries }: Extract<ToCrashThread, { kind: 'leave' }>): Promise<void> {
  const { signal } = new AbortController();
  const removals = entries.map(async ({ registry, answers, key }) => {
    const made = await loadRegistry(registry, builtInRegistries, (about) => Promise.resolve(answers[about]));
    await made.remove(key, signal);
  });
  await Promise.allSettled(removals);
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}
