import { expect, it } from 'vitest';
import type { Entry } from '../../../src/contracts/registry.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { RegistryUnavailableError } from '../../../src/core/errors.js';
import { GuardedRegistry } from '../../../src/registries/guarded-registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';

const instance: ServiceInstance = {
  ...{ name: 'orders', id: 'orders-1', nonce: 'n', ttlMs: 10_000 },
  ...{ tags: [], meta: {}, checks: [] },
};
const none = new AbortController().signal;

interface Look {
  readonly signal: AbortSignal;
  readonly answer: (entry: Entry | undefined) => void;
  readonly fail: (error: Error) => void;
}

/** A registry whose looks the test answers. */
function begin() {
  const clock = new FakeClock();
  const looks: Look[] = [];
  const inner = Object.assign(new SimulatedRegistry(clock), {
    read: (_key: unknown, signal: AbortSignal) =>
      new Promise<Entry | undefined>((resolve, reject) => {
        looks.push({ signal, answer: resolve, fail: reject });
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  const registry = new GuardedRegistry(inner, clock);
  const outcomes: string[] = [];
  const look = (signal = none) => {
    registry.read(instance, signal).then(
      () => outcomes.push(`answered at ${clock.now()}`),
      (thrown: unknown) => outcomes.push(`${(thrown as Error).name} at ${clock.now()}`),
    );
  };
  return { clock, registry, looks, look, outcomes };
}

it('counts the late answer to a look that was given up for the next one, and learns the latency from it', async () => {
  const { clock, registry, looks, look, outcomes } = begin();
  look();
  await clock.advance(5_200);
  look();
  await clock.advance(3_800);
  looks[0]?.answer(undefined);
  await clock.advance(0);
  expect(outcomes).toEqual(['TimeoutError at 5000', 'answered at 9000']);
  expect(registry.roundTripMs).toBe(9_000);
  expect(registry.requestDeadlineMs).toBe(18_000);
  // Nothing goes on.
  expect(looks.map(({ signal }) => signal.aborted)).toEqual([false, true]);
  look();
  await clock.advance(0);
  looks[2]?.answer(undefined);
  await clock.advance(0);
  expect(outcomes[2]).toBe('answered at 9000');
});

it('takes the answer of a later look as well, which may have found a better connection', async () => {
  const { clock, registry, looks, look, outcomes } = begin();
  look();
  await clock.advance(5_200);
  look();
  await clock.advance(10);
  looks[1]?.answer(undefined);
  await clock.advance(0);
  expect(outcomes).toEqual(['TimeoutError at 5000', 'answered at 5210']);
  expect(registry.roundTripMs).toBe(10);
  expect(looks[0]?.signal.aborted).toBe(true);
});

it('rejects as soon as one of them fails', async () => {
  const { clock, looks, look, outcomes } = begin();
  look();
  await clock.advance(5_200);
  look();
  looks[1]?.fail(new RegistryUnavailableError('refused', { registry: 'simulated' }));
  await clock.advance(0);
  expect(outcomes).toEqual(['TimeoutError at 5000', 'RegistryUnavailableError at 5200']);
});

it('ends every look after 20 s, and with its own signal', async () => {
  const { clock, looks, look } = begin();
  const stop = new AbortController();
  look();
  await clock.advance(20_000);
  expect(looks[0]?.signal.aborted).toBe(true);
  look(stop.signal);
  await clock.advance(15_000);
  expect(looks[1]?.signal.aborted).toBe(false);
  stop.abort(new Error('the end'));
  expect(looks[1]?.signal.aborted).toBe(true);
});

it('goes on with the oldest alone when its caller gave up', async () => {
  const { clock, looks, look, outcomes } = begin();
  for (const waitMs of [5_200, 10_200, 0]) {
    look();
    await clock.advance(waitMs);
  }
  expect(looks.map(({ signal }) => signal.aborted)).toEqual([false, true, false]);
  looks[0]?.answer(undefined);
  await clock.advance(0);
  expect(outcomes).toEqual(['TimeoutError at 5000', 'TimeoutError at 15200', 'answered at 15400']);
});
