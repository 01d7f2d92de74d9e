import { randomUUID } from 'node:crypto';
import { systemClock } from '../../../core/clock.js';
import type { DiscoveredInstance } from '../../../contracts/discovery.js';
import type { HealthReport, HealthStatus } from '../../../contracts/health-report.js';
import { keyOf } from '../../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../../contracts/service-instance.js';
import type { Registration, Registry } from '../../../contracts/registry.js';

/**
 * The registry under test and the control that a case needs over it. Each case needs a fresh harness, which its creator
 * closes.
 */
export interface ContractHarness {
  readonly registry: Registry;
  /** The lease to test with; short if `advance` waits in real time. */
  readonly ttlMs: number;
  /** Makes the registry lose an entry without the knowledge of its owner. */
  forget(key: InstanceKey): Promise<void>;
  /** Lets time pass for the registry, on its injected clock or in real time. */
  advance(ms: number): Promise<void>;
  /** True if a heartbeat fails once another incarnation has taken the id; false if the protocol cannot express that. */
  readonly beatsKnowTheirOwner: boolean;
  /** Delays the registry's answers by so many milliseconds from now on; absent if that is impossible. */
  delay?(ms: number): Promise<void>;
  /** Makes the registry refuse our credentials from now on; absent if it needs none. */
  revoke?(): Promise<void>;
}

/** One requirement of every registry. It needs no test runner. */
export interface ContractCase {
  readonly name: string;
  /**
   * Rejects when the registry violates the requirement. Resolves to the reason when the case does not apply and has
   * tested nothing: the harness or the registry lacks an optional part. Report it as skipped.
   */
  run(harness: ContractHarness): Promise<string | undefined>;
}

export const passing: HealthReport = { status: 'passing', reason: 'all is well' };

/** Never aborts. */
export const none: AbortSignal = new AbortController().signal;

/** Long enough that no entry expires during a case. */
export const LONG_TTL_MS = 60_000;

/** The longest that readers may lag behind the registry's own state. */
const LONGEST_LAG_MS = 5_000;

/** An instance of a service with a unique name. */
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

/** Registers a sample and makes it pass. */
export async function live(
  harness: ContractHarness,
  overrides?: Partial<ServiceInstance>,
): Promise<{ instance: ServiceInstance; registration: Registration }> {
  const instance = sample(harness, overrides);
  const registration = await harness.registry.register(instance, passing, none);
  await registration.renew(passing, none);
  return { instance, registration };
}

/**
 * The instances that readers of the service see; for a registry without discovery, those of `candidates` that it has.
 */
export async function readersSee(
  { registry }: ContractHarness,
  name: string,
  candidates: readonly ServiceInstance[],
): Promise<Pick<DiscoveredInstance, 'id' | 'port' | 'status'>[]> {
  if (registry.discovery !== undefined) return (await registry.discovery.poll(name, undefined, none)).instances;
  const entries = await Promise.all(candidates.map((candidate) => registry.read(keyOf(candidate), none)));
  return entries.flatMap((entry) => (entry ? [{ ...entry.instance, status: entry.status }] : []));
}

/** The status of this instance for readers; undefined when they do not see it. */
export async function listed(harness: ContractHarness, instance: ServiceInstance): Promise<HealthStatus | undefined> {
  return (await readersSee(harness, instance.name, [instance])).find(({ id }) => id === instance.id)?.status;
}

/** Resolves once `condition` returns true; rejects after the longest lag of readers. */
export async function eventually(condition: () => Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = systemClock.now() + LONGEST_LAG_MS;
  while (!(await condition())) {
    if (systemClock.now() > giveUpAt) throw new Error(`Not within ${String(LONGEST_LAG_MS)} ms: ${what}`);
    await systemClock.sleep(10);
  }
}
