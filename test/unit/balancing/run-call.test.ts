import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../../src/balancing/retry-budget.js';
import { runCall } from '../../../src/balancing/run-call.js';
import type { Attempt, RunRules } from '../../../src/balancing/run-call.js';
import { fakeResolver } from '../../../src/integrations/testing/fake-resolver.js';
import type { RunOptions } from '../../../src/discovery/resolved-service.js';
import { fleet, instances } from './fleet.js';

const code = (text: string) => Object.assign(new Error(text), { code: text });
const origins = ['http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:3'];

/** Runs one call whose attempts end as `ends` says, the last one for all further ones. */
async function attempts(ends: readonly (() => unknown)[], options: RunOptions = {}) {
  const orders = fakeResolver({ orders: origins }).service('orders', { balance: 'roundRobin' });
  const tried: string[] = [];
  const outcome = await orders
    .run((origin, { attempt }) => {
      tried.push(origin);
      return ends[Math.min(attempt, ends.length) - 1]!();
    }, options)
    .catch((error: unknown) => error);
  return { tried, outcome, orders };
}

const fails = (text: string) => () => {
  throw code(text);
};
const gives = (value: unknown) => () => value;

describe('a call', () => {
  it('is sent once if it is answered', async () => {
    expect(await attempts([gives('done')])).toMatchObject({ tried: { length: 1 }, outcome: 'done' });
  });

  it('is repeated on another instance if it was never sent', async () => {
    const { tried, outcome } = await attempts([fails('ECONNREFUSED'), gives('done')]);
    expect(outcome).toBe('done');
    expect(new Set(tried).size).toBe(2);
  });

  it('is repeated once only', async () => {
    const { tried, outcome } = await attempts([fails('ECONNREFUSED')]);
    expect(tried).toHaveLength(2);
    expect(outcome).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is repeated after it was sent only if it may arrive twice', async () => {
    expect((await attempts([fails('ECONNRESET')])).tried).toHaveLength(1);
    expect((await attempts([fails('ECONNRESET')], { idempotent: true })).tried).toHaveLength(2);
    const axiosError = (method: string) => () => {
      throw Object.assign(code('ECONNRESET'), { config: { method } });
    };
    expect((await attempts([axiosError('get')])).tried).toHaveLength(2);
    expect((await attempts([axiosError('post')])).tried).toHaveLength(1);
    expect((await attempts([axiosError('get')], { idempotent: false })).tried).toHaveLength(1);
  });

  it('is not repeated with `retry: false`, nor with a stream as its body', async () => {
    expect((await attempts([fails('ECONNREFUSED')], { retry: false })).tried).toHaveLength(1);
    const streams = () => {
      throw Object.assign(code('ECONNREFUSED'), { config: { data: { pipe: () => undefined } } });
    };
    expect((await attempts([streams])).tried).toHaveLength(1);
  });

  it('ends as it did if no instance is there any more to repeat it on', async () => {
    const resolver = fakeResolver({ orders: origins });
    const orders = resolver.service('orders');
    const leave = () => resolver.set('orders', []);
    const failing = orders.run(() => {
      leave();
      throw code('ECONNREFUSED');
    });
    await expect(failing).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    resolver.set('orders', origins);
    const answering = orders.run(() => (leave(), { status: 503 }), { idempotent: true });
    expect(await answering).toEqual({ status: 503 });
  });

  it('gives the last response, with whatever status', async () => {
    const { tried, outcome } = await attempts([gives({ status: 503 })], { idempotent: true });
    expect(tried).toHaveLength(2);
    expect(outcome).toEqual({ status: 503 });
  });

  it('is not repeated beyond the budget', async () => {
    const { orders } = await attempts([gives(1)]);
    let sent = 0;
    const call = () => {
      sent += 1;
      throw code('ECONNREFUSED');
    };
    for (let calls = 0; calls < 100; calls += 1) await orders.run(call).catch(() => undefined);
    expect(sent).toBeGreaterThan(115);
    expect(sent).toBeLessThan(126);
  });

  it('has a deadline for each attempt, and for all', async () => {
    const { clock, balancer } = fleet(instances(3));
    const began: { readonly attempt: number; readonly at: number }[] = [];
    const run = async (deadlines: Pick<RunRules, 'attemptTimeoutMs' | 'timeoutMs'>) => {
      const rules = { ...deadlines, idempotent: true, retry: true, signal: undefined };
      const plan = { service: 'orders', clock, budget: new RetryBudget(clock), pick: () => balancer.pick()! };
      const startedAt = clock.now();
      began.length = 0;
      const call = (_origin: string, { attempt }: Attempt) => {
        began.push({ attempt, at: clock.now() - startedAt });
        return new Promise<never>(() => undefined);
      };
      const settled = runCall(call, rules, plan).catch((error: unknown) => ({ error, after: clock.now() - startedAt }));
      await clock.advance(1_000);
      return settled;
    };
    const late = { error: { code: 'ROLLCALL_TIMEOUT' } };
    expect(await run({ attemptTimeoutMs: 50, timeoutMs: 70 })).toMatchObject({ ...late, after: 70 });
    expect(began).toEqual([
      { attempt: 1, at: 0 },
      { attempt: 2, at: 50 },
    ]);
    expect(await run({ attemptTimeoutMs: 50, timeoutMs: Infinity })).toMatchObject({ ...late, after: 100 });
    expect(await run({ attemptTimeoutMs: Infinity, timeoutMs: 20 })).toMatchObject({ ...late, after: 20 });
    expect(began).toEqual([{ attempt: 1, at: 0 }]);
  });

  it('ends when the caller gives up, also if the call ignores that', async () => {
    const orders = fakeResolver({ orders: origins }).service('orders');
    const controller = new AbortController();
    const seen: AbortSignal[] = [];
    const running = orders.run(
      (_origin, { signal }) => {
        seen.push(signal);
        return new Promise(() => undefined);
      },
      { signal: controller.signal, idempotent: true },
    );
    await Promise.resolve();
    await Promise.resolve();
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(seen).toHaveLength(1);
    expect(seen[0]!.aborted).toBe(true);
    await expect(orders.run(() => 'sent', { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('is refused where there is no instance, with the reason', async () => {
    const resolver = fakeResolver({ orders: [] });
    const orders = resolver.service('orders');
    await expect(orders.run(() => 1)).rejects.toMatchObject({ code: 'ROLLCALL_NO_INSTANCE', retryable: true });
    expect(() => orders.pick()).toThrow('orders has no instance: none was ever registered');
    resolver.set('orders', origins);
    resolver.set('orders', []);
    expect(() => orders.pick()).toThrow('all its instances have left the registry');
    orders.close();
    expect(() => orders.pick()).toThrow('orders is closed');
  });

  it('is refused with wrong options, all at once', async () => {
    const orders = fakeResolver({ orders: origins }).service('orders');
    const wrong = { timeout: 'soon', attemptTimeout: -1 } as unknown as RunOptions;
    await expect(orders.run(() => 1, wrong)).rejects.toMatchObject({
      code: 'ROLLCALL_CONFIG',
      issues: [{ field: 'timeout' }, { field: 'attemptTimeout' }],
    });
  });

  it('of a service tells of ejections', async () => {
    const orders = fakeResolver({ orders: origins }).service('orders', { balance: 'roundRobin' });
    const ejected: string[] = [];
    orders.events.on('ejected', ({ origin }) => ejected.push(origin));
    const call = (origin: string) => (origin === origins[0] ? Promise.reject(code('ECONNREFUSED')) : origin);
    for (let calls = 0; calls < 30; calls += 1) await orders.run(call).catch(() => undefined);
    expect(ejected).toEqual([origins[0]]);
  });
});
