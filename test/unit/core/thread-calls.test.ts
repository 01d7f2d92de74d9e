import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ThreadCalls, threadAt } from '../../../src/core/thread-calls.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-thread-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function thread(code: string): Promise<ThreadCalls<string, string>> {
  const path = join(folder, 'thread.cjs');
  await writeFile(path, `const { parentPort } = require('node:worker_threads');${code}`);
  return new ThreadCalls(threadAt(() => pathToFileURL(path), 'test'));
}

const echo = `parentPort.on('message', ({ number, request }) => {
  if (request === 'exit') process.exit(3);
  if (request !== 'silence') parentPort.postMessage({ number, reply: request && request.toUpperCase() });
});`;

it('starts a thread at the first call, and gets each answer', async () => {
  const calls = await thread(echo);
  expect(await Promise.all([calls.call('a'), calls.call('b')])).toEqual(['A', 'B']);
  await expect(calls.isRunning()).resolves.toBe(true);
  await expect(calls.call('exit')).rejects.toThrow('exit code 3');
});

it('rejects what is under way when the thread ends, and starts no other one', async () => {
  const calls = await thread(echo);
  const silent = calls.call('silence');
  const exit = calls.call('exit');
  await expect(silent).rejects.toThrow('exit code 3');
  await expect(exit).rejects.toThrow('exit code 3');
  await expect(calls.isRunning()).resolves.toBe(false);
  await expect(calls.call('a')).rejects.toThrow('does not run');
});

it.each([
  ['has no file', () => new ThreadCalls(threadAt(() => pathToFileURL('/nowhere/thread.js'), 'test'))],
  ['may not start', () => new ThreadCalls(() => Promise.reject(new Error('ERR_ACCESS_DENIED')))],
  ['throws at its start', () => thread('throw new Error("broken")')],
])('does not run where it %s', async (_what, make) => {
  const calls = await make();
  await expect(calls.isRunning()).resolves.toBe(false);
});
