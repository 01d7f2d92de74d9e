import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../core/clock.js';
import type { DiscoveredInstance } from '../../../contracts/discovery.js';
import type { HealthReport, HealthStatus } from '../../../contracts/health-report.js';
import { keyOf } from '../../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../../contracts/service-instance.js';
import type { Registration, Registry } from '../../../contracts/registry.js';

/** What a case needs of the registry under test: a fresh harness for each case, closed by whoever made it. */
export interface ContractHarness {
  readonly registry: Registry;
  /** The lease to test with; short where time really passes. */
  readonly ttlMs: number;
  /** Makes the registry lose an entry, behind the back of whoever registered it. */
  forget(key: InstanceKey): Promise<void>;
  /** Lets time pass for the registry: on its injected clock, or really. */
  advance(ms: number): Promise<void>;
  /** A heartbeat notices that another incarnation has taken the id; false where the protocol has no room for that. */
  readonly beatsKnowTheirOwner: boolean;
  /** From now on its answers come so many milliseconds later; absent where nothing can stand between. */
  delay?(ms: number): Promise<void>;
  /** From now on it refuses whatever we prove ourselves with; absent where nobody is asked for anything. */
  revoke?(): Promise<void>;
}

/** One promise that every registry keeps. `run` rejects when it is broken; it needs no test runner. */
export interface ContractCase {
  readonly name: string;
  run(harness: ContractHarness): Promise<void>;
}

export const passing: HealthReport = { status: 'passing', reason: 'all is well' };

/** Never aborts. */
export const none: AbortSignal = new AbortController().signal;

/** How long readers may lag behind: a catalogue learns of a change a little later. */
const LONGEST_LAG_MS = 5_000;

/** An instance of a service that nobody else has. */
export function sample({ ttlMs }: ContractHarness, overrides: Partial<ServiceInstance> = {}): ServiceInstance {
  const name = `contract-${randomUUID()}`;
  return {
    name,
    id: `${overrides.name ?? name}-${randomUUID()}`,
    address: '127.0.0.1',
    port: 4000,
    tags: [],
    meta: {},
    nonce: randomUUID(),
    ttlMs,
    checks: [],
    ...overrides,
  };
}

/** A sample that is registered and passing. */
export async function live(
  harness: ContractHarness,
  overrides?: Partial<ServiceInstance>,
): Promise<{ instance: ServiceInstance; registration: Registration }> {
  const instance = sample(harness, overrides);
  const registration = await harness.registry.register(instance, passing, none);
  await registration.renew(passing, none);
  return { instance, registration };
}

/** What readers of the service see; of a registry without readers, what it holds of the candidates. */
export async function readersSee(
  { registry }: ContractHarness,
  name: string,
  candidates: readonly ServiceInstance[],
): Promise<Pick<DiscoveredInstance, 'id' | 'port' | 'status'>[]> {
  if (registry.discovery !== undefined) return (await registry.discovery.poll(name, undefined, none)).instances;
  const entries = await Promise.all(candidates.map((candidate) => registry.read(keyOf(candidate), none)));
  return entries.flatMap((entry) => (entry ? [{ ...entry.instance, status: entry.status }] : []));
}

/** The status that readers see of this instance; undefined when they do not see it. */
export async function listed(harness: ContractHarness, instance: ServiceInstance): Promise<HealthStatus | undefined> {
  return (await readersSee(harness, instance.name, [instance])).find(({ id }) => id === instance.id)?.status;
}

/** Resolves once `ask` says true; rejects when readers should long have seen it. */
export async function eventually(ask: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = systemClock.now() + LONGEST_LAG_MS;
  while (!(await ask())) {
    if (systemClock.now() > giveUpAt) throw new Error(`Not within ${String(LONGEST_LAG_MS)} ms: ${what}`);
    await systemClock.sleep(10);
  }
}
