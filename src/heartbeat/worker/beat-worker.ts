import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.js';
import { builtInRegistries } from '../../backends/built-in-registries.js';
import { processLongPolls } from '../../core/semaphore.js';
import { processBatchWatcher } from '../batch-watcher.js';
import type { ToThread } from './messages.js';
import { serveBeats } from './serve-beats.js';
import type { SharedTimes } from './shared-times.js';

// Runs in the worker thread. The main thread ends it.
const hear = serveBeats({
  clock: systemClock,
  random: Math.random,
  polls: processLongPolls(),
  batchWatcher: processBatchWatcher(),
  factories: builtInRegistries,
  signsOfLife: workerData as SharedTimes,
  send: (messages) => parentPort?.postMessage(messages),
});
parentPort?.on('message', (message: ToThread) => {
  hear(message);
});
