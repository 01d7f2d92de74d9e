import { parentPort } from 'node:worker_threads';
import type { ThreadAnswer, ThreadCall } from '../../core/thread-calls.js';
import { AnswerDiffs } from './consul-answer-diff.js';
import type { DiffReply, DiffRequest } from './consul-answer-diff.js';

// Runs in a worker thread, which ends with the process.
const diffs = new AnswerDiffs();
parentPort?.on('message', ({ number, request }: ThreadCall<DiffRequest>) => {
  const answer = (reply: DiffReply | undefined) => {
    const message: ThreadAnswer<DiffReply> = { number, reply };
    parentPort?.postMessage(message);
  };
  if (request === undefined) answer(undefined);
  else void diffs.answer(request).then(answer);
});
