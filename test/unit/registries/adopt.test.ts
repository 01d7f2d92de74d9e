import { expect, it } from 'vitest';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { GuardedRegistry } from '../../../src/registries/guarded-registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';
import { fallbackOn } from '../../../src/registries/fallback.js';

const instance: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  tags: [],
  meta: {},
  nonce: 'n',
  ttlMs: 9_000,
  checks: [],
};
const report = { status: 'passing', reason: 'ok' } as const;

async function setUp() {
  const clock = new FakeClock();
  const members = ['upper', 'lower'].map((name) => Object.assign(new SimulatedRegistry(clock), { name }));
  const [upper, lower] = members as [SimulatedRegistry, SimulatedRegistry];
  const chain = new GuardedRegistry(fallbackOn(clock, members), clock);
  const signal = new AbortController().signal;
  const settled = async <T>(promise: Promise<T>): Promise<T | Error> => {
    const outcome = promise.catch((error: unknown) => error as Error);
    await clock.advance(5_000);
    return outcome;
  };
  // What another client of ours, as one in a worker thread, has left in both.
  for (const member of [upper, lower])
    await settled(member.register(instance, report, signal).then((registration) => registration.renew(report, signal)));
  return { clock, chain, upper, lower, settled, signal };
}

it('a chain that takes over from another client of ours removes what that has left in any member', async () => {
  const { chain, upper, lower, settled, signal } = await setUp();
  chain.inherit(instance, 'lower', { inDoubt: false });
  await settled(chain.remove(instance, signal));
  expect([upper.entries.size, lower.entries.size]).toEqual([0, 0]);
});

it('it does not take the silence of the last holder for an absence, but that of another member', async () => {
  const { chain, upper, lower, settled, signal } = await setUp();
  chain.inherit(instance, 'lower', { inDoubt: false });
  upper.down = true;
  expect(await settled(chain.remove(instance, signal))).toBeUndefined();
  lower.down = true;
  chain.inherit(instance, 'lower', { inDoubt: false });
  expect(await settled(chain.remove(instance, signal))).toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
});

it('it registers in the preferred one, and clears the others with its beats', async () => {
  const { chain, upper, lower, settled, signal } = await setUp();
  chain.inherit(instance, 'lower', { inDoubt: false });
  await settled(chain.register(instance, report, signal).then((registration) => registration.renew(report, signal)));
  expect([upper.passing, [...lower.entries.keys()]]).toEqual([['orders-1'], []]);
});

it('a write that the other client was cut off from leaves a doubt, until the registry has answered for a while', async () => {
  const { clock, chain, settled, signal } = await setUp();
  chain.inherit(instance, 'upper', { inDoubt: true });
  expect(chain.inDoubt).toBe(true);
  await settled(chain.read(instance, signal));
  expect(chain.inDoubt).toBe(true);
  await clock.advance(1_000);
  await settled(chain.read(instance, signal));
  expect(chain.inDoubt).toBe(false);
});

it('it looks for readers at the last holder first, though it found that one silent itself', async () => {
  const { clock, chain, upper, lower, settled, signal } = await setUp();
  lower.entries.clear();
  upper.down = true;
  const soon = async <T>(answer: Promise<T>) => (await clock.advance(100), answer);
  await settled(chain.instancesOf(instance.name, signal));
  await soon(chain.instancesOf(instance.name, signal));
  expect(chain.members).toMatchObject([{ state: 'out' }, { state: 'good' }]);
  upper.down = false;
  chain.inherit(instance, 'upper', { inDoubt: false });
  expect(await soon(chain.isVisible(instance, signal))).toBe(true);
});
