import { describe, expect, it, vi } from 'vitest';
import { ConnectionAttempts } from '../../../../src/backends/redis/redis-attempts.js';
import { LONGEST_OPENING_MS } from '../../../../src/backends/redis/redis-open.js';
import type { OpenClient } from '../../../../src/backends/redis/redis-open.js';
import { systemClock } from '../../../../src/core/clock.js';
import { asError } from '../../../../src/core/errors.js';

interface Attempt {
  readonly end: AbortSignal;
  readonly succeed: () => Promise<void>;
  readonly fail: () => Promise<void>;
}

/** Attempts that end as the test says; the n-th one opens `clients[n]`. */
function attempting() {
  const made: Attempt[] = [];
  const clients: OpenClient[] = [];
  const { signal } = new AbortController();
  const turns = () => new Promise<void>((resolve) => setImmediate(resolve));
  const attempts = new ConnectionAttempts(
    (end) =>
      new Promise((resolve, reject) => {
        const client = {} as OpenClient;
        clients.push(client);
        made.push({
          end,
          succeed: () => (resolve(client), turns()),
          fail: () => (reject(new Error(`attempt ${made.length}`)), turns()),
        });
      }),
    signal,
  );
  const outcome = attempts.opened.then((client) => `client ${clients.indexOf(client)}`, asError);
  const begin = () => attempts.begin(signal);
  return { attempts, begin, made, outcome, ended: () => made.map(({ end }) => end.aborted) };
}

describe('attempts at a connection', () => {
  it('go on until the first one succeeds, which ends the others', async () => {
    const { attempts, begin, made, outcome, ended } = attempting();
    begin();
    expect(ended()).toEqual([false, false]);
    await made[0]?.succeed();
    expect([await outcome, ended()]).toEqual(['client 0', [false, true]]);
    attempts.end();
    expect(ended()).toEqual([true, true]);
  });

  it('are two at a time: the oldest and the newest', () => {
    const { begin, ended } = attempting();
    begin();
    begin();
    expect(ended()).toEqual([false, true, false]);
  });

  it('give up the oldest one when it has taken too long', () => {
    const { begin, ended } = attempting();
    const later = systemClock.now() + LONGEST_OPENING_MS;
    vi.spyOn(systemClock, 'now').mockReturnValue(later);
    begin();
    vi.restoreAllMocks();
    expect(ended()).toEqual([true, false]);
  });

  it.each([0, 1])('fail as the first one that fails, which ends the others (%i)', async (first) => {
    const { begin, made, outcome, ended } = attempting();
    begin();
    await made[first]?.fail();
    await made[1 - first]?.succeed();
    expect([await outcome, ended()]).toMatchObject([{ message: 'attempt 2' }, [true, true]]);
  });
});
