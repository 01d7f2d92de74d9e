import { expect, it } from 'vitest';
import { StaleReads } from '../../../src/discovery/stale-reads.js';
import { settle } from '../../support/fake-clock.js';

const signal = new AbortController().signal;

it('reads four at a time, however many there are, and goes on after a failure', async () => {
  const reads = new StaleReads();
  const ends: ((error?: Error) => void)[] = [];
  const all = Array.from({ length: 10 }, () =>
    reads.run(
      signal,
      () => new Promise<void>((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve()))),
    ),
  );
  const failed = expect(all[0]).rejects.toThrow('no server');
  await settle();
  expect(ends).toHaveLength(4);
  ends[0]?.(new Error('no server'));
  ends[1]?.();
  await failed;
  await settle();
  expect(ends).toHaveLength(6);
  for (let at = 2; at < 10; at += 1) {
    ends[at]?.();
    await settle();
  }
  await Promise.all(all.slice(1));
});

it('forgets a read that is aborted before its turn', async () => {
  const reads = new StaleReads();
  const controller = new AbortController();
  for (let at = 0; at < 4; at += 1) void reads.run(signal, () => new Promise(() => undefined));
  const waiting = reads.run(controller.signal, () => Promise.resolve());
  controller.abort(new Error('closed'));
  await expect(waiting).rejects.toThrow('closed');
});

it('reads more rarely where there are many', () => {
  const reads = new StaleReads();
  const leave = Array.from({ length: 100 }, () => reads.join());
  expect(reads.everyMs).toBe(10_000);
  for (let more = 0; more < 400; more += 1) leave.push(reads.join());
  expect(reads.everyMs).toBe(50_000);
  for (const each of leave) each();
  expect(reads.everyMs).toBe(10_000);
});
