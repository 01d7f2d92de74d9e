import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock.js';
import { builtInRegistries } from '../../config/built-in-registries.js';
import { processPolls } from '../permits.js';
import { processLook } from '../shared-look.js';
import type { ToThread } from './messages.js';
import { serveBeats } from './serve.js';
import type { SharedTimes } from './shared-times.js';

// What the worker thread runs. The main thread ends it.
const hear = serveBeats({
  clock: systemClock,
  random: Math.random,
  polls: processPolls(),
  sharedLook: processLook(),
  factories: builtInRegistries,
  signsOfLife: workerData as SharedTimes,
  send: (messages) => parentPort?.postMessage(messages),
});
parentPort?.on('message', (message: ToThread) => {
  hear(message);
});
