import { describe, expect, it } from 'vitest';
import { RegistrationLostError, RegistryUnavailableError, asError } from '../../../src/core/errors.js';
import { RequestPace } from '../../../src/registries/request-pace.js';
import type { PacedVerb } from '../../../src/registries/request-pace.js';
import { FakeClock } from '../../support/fake-clock.js';

function paced() {
  const clock = new FakeClock();
  const pace = new RequestPace(clock);
  const sentAt: number[] = [];
  /** A verb of so many requests, a millisecond apart, after some time without any. */
  const run = (verb: PacedVerb, requests = 1, error?: Error, afterMs = 0) =>
    pace.run(verb, new AbortController().signal, async (meter) => {
      if (afterMs > 0) await clock.sleep(afterMs);
      for (let sent = 0; sent < requests; sent += 1) {
        if (sent > 0) await clock.sleep(1);
        await meter.admit();
        sentAt.push(clock.now());
      }
      if (error !== undefined) throw error;
    });
  /** The most requests in any second. */
  const most = () => Math.max(...sentAt.map((from) => sentAt.filter((at) => at >= from && at < from + 1_000).length));
  return { clock, pace, sentAt, run, most };
}

const lost = new RegistrationLostError('gone');

describe('the requests of one Registrar', () => {
  it('are not delayed in a normal life', async () => {
    const { clock, run, sentAt } = paced();
    const startAndStop = ['read', 'register', 'renew', 'changed', 'read', 'discover', 'deregister', 'read'] as const;
    for (const verb of startAndStop) void run(verb);
    await clock.advance(0);
    expect(sentAt).toHaveLength(startAndStop.length);
  });

  it.each([
    ['that are answered at once', 1],
    ['of several requests each', 4],
  ])('are at most 20 a second, of verbs %s', async (_what, requests) => {
    const { clock, run, most, sentAt } = paced();
    let isOver = false;
    const loop = async (verbs: readonly PacedVerb[]) => {
      while (!isOver) for (const verb of verbs) await run(verb, requests).catch(() => undefined);
    };
    void loop(['read', 'register', 'renew']);
    void loop(['changed']);
    await clock.advance(10_000);
    isOver = true;
    expect(most()).toBeLessThanOrEqual(20);
    expect(sentAt.length).toBeGreaterThan(100);
  });

  it.each([
    ['begin together and need many each', 8, 0],
    ['take long until they send the first', 3, 700],
  ])('are at most 20 a second, of verbs that %s', async (_what, requests, afterMs) => {
    const { clock, run, most, sentAt } = paced();
    const verbs = Array.from({ length: 40 }, () => run('read', requests, undefined, afterMs));
    await clock.advance(30_000);
    await Promise.all(verbs);
    expect(sentAt).toHaveLength(40 * requests);
    expect(most()).toBeLessThanOrEqual(20);
  });

  it('are none where no connection was made', async () => {
    const { clock, run, sentAt } = paced();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
    const refused = new RegistryUnavailableError('refused', { cause });
    for (let tries = 0; tries < 50; tries += 1) await run('read', 1, refused).catch(asError);
    expect([clock.now(), sentAt.length]).toEqual([0, 50]);
  });

  it.each(['discover', 'remove', 'deregister'] as const)('leave room for the first %s of a stop', async (verb) => {
    const { clock, run, sentAt } = paced();
    for (let reads = 0; reads < 14; reads += 1) void run('read');
    void run('read');
    await clock.advance(0);
    expect(sentAt).toHaveLength(14);
    void run(verb);
    await clock.advance(0);
    expect(sentAt).toHaveLength(15);
  });

  it('end with their signal while they wait', async () => {
    const { clock, pace, run } = paced();
    for (let reads = 0; reads < 14; reads += 1) void run('read');
    const controller = new AbortController();
    let ran = false;
    const waiting = pace.run('read', controller.signal, () => Promise.resolve((ran = true))).catch(asError);
    controller.abort(new Error('stopped'));
    expect((await waiting) as Error).toMatchObject({ message: 'stopped' });
    await clock.advance(5_000);
    expect(ran).toBe(false);
  });
});

describe('a verb that is given up before its turn', () => {
  it.each(['renew', 'read'] as const)('does not delay those that follow, as %s', async (verb) => {
    const { clock, pace, run, sentAt } = paced();
    for (let reads = 0; reads < 14; reads += 1) void run('read');
    await clock.advance(100);
    for (let given = 0; given < 50; given += 1) {
      const controller = new AbortController();
      const waiting = pace.run(verb, controller.signal, () => Promise.resolve()).catch(asError);
      controller.abort(new Error('a later one replaces this one'));
      await waiting;
    }
    void run(verb);
    await clock.advance(1_000);
    expect(sentAt.slice(14)).toEqual([1_100]);
  });
});

describe('two beats', () => {
  it('are at least 50 ms apart', async () => {
    const { clock, run, sentAt } = paced();
    for (let beats = 0; beats < 10; beats += 1) void run('renew');
    await clock.advance(1_000);
    expect(sentAt).toEqual([0, 50, 100, 150, 200, 250, 300, 350, 400, 450]);
  });

  it('are closer only where the first one found the loss, and that four times a second at most', async () => {
    const { clock, run, sentAt } = paced();
    for (let losses = 0; losses < 3; losses += 1)
      await Promise.all([run('renew', 1, lost).catch(asError), clock.advance(60)]);
    expect(sentAt).toEqual([0, 60, 120]);
    await run('renew', 1, lost).catch(asError);
    expect(sentAt).toEqual([0, 60, 120, 180]);
    void run('renew');
    await clock.advance(60);
    expect(sentAt.at(-1)).toBe(230);
    await clock.advance(200);
    await Promise.all([run('renew', 1, lost).catch(asError), clock.advance(0)]);
    await Promise.all([run('renew', 1, lost).catch(asError), clock.advance(0)]);
    expect(sentAt.slice(-2)).toEqual([440, 440]);
  });
});
