import type { Clock } from '../clock.js';
import { hasCode } from '../errors.js';
import type { HealthReport } from '../health/report.js';
import { keyOf } from '../instance/service-instance.js';
import type { RegistryCheck, ServiceInstance } from '../instance/service-instance.js';
import type { Entry, Registration, Registry } from '../registry/registry.js';
import type { Backoff } from '../resilience/retry.js';
import type { Claim } from './claim.js';

/** An entry of ours in the registry, and what we know of it. */
export interface Held {
  registration: Registration;
  /** What was written. */
  instance: ServiceInstance;
  /** When the last accepted heartbeat was sent; at first, when the registration was. */
  beatAt: number;
  ttlMs: number;
  /** The registry did not know the receipt any more: an entry that is there all the same lacks what heartbeats feed. */
  refused: boolean;
}

/** What the registry said of our entry when it last held it; it outlives a loss. */
export interface Remembered {
  /** An operator's. */
  maintenance: HealthReport | undefined;
  /** Probes of the registry that pass. */
  passing: ReadonlySet<RegistryCheck['kind']>;
}

/** Reads our entry and remembers what has to outlive it. Undefined when the registry does not hold us. */
export async function look(registry: Registry, instance: ServiceInstance, remembered: Remembered, signal: AbortSignal): Promise<Entry | undefined> {
  const entry = await registry.read(keyOf(instance), signal);
  // What another incarnation left is none of our memory.
  if (entry?.instance.nonce === instance.nonce) {
    remembered.maintenance = entry.maintenance && { status: 'maintenance', reason: entry.maintenance.reason };
    remembered.passing = new Set(entry.checks.flatMap(({ kind, status }) => (kind !== undefined && status === 'passing' ? [kind] : [])));
  }
  return entry;
}

/** What getting listed needs. */
export interface Enlisting {
  readonly registry: Registry;
  readonly claim: Claim;
  readonly clock: Clock;
  readonly report: () => HealthReport;
  readonly previous: Held | undefined;
  readonly remembered: Remembered;
  /** The id is free: writing begins. */
  readonly onFree: () => void;
}

/**
 * Gets a receipt for our entry: at first, and after every loss. Looks first, since registering again restarts the
 * registry's clocks and would hide a dead heartbeat; writes only what is missing; restores an operator's maintenance with
 * it, before any beat says that we pass. Throws `IdConflictError` while another instance holds the id.
 */
export async function obtain(wanted: ServiceInstance, plan: Enlisting, signal: AbortSignal): Promise<{ instance: ServiceInstance; registration: Registration }> {
  const { registry, previous, remembered } = plan;
  const entry = await look(registry, wanted, remembered, signal);
  const instance = plan.claim.check(entry, wanted, plan.clock.now());
  plan.onFree();
  const stillOurs = entry?.instance.nonce === instance.nonce && previous?.instance === instance && !previous.refused;
  if (stillOurs) return { instance, registration: previous.registration };
  const report = remembered.maintenance ?? plan.report();
  return { instance, registration: await registry.register(withProbesSeen(instance, remembered), report, signal) };
}

/** Without this an entry that is written again would stay critical until the registry's next probe. */
function withProbesSeen(instance: ServiceInstance, { passing }: Remembered): ServiceInstance {
  return { ...instance, checks: instance.checks.map((check) => (passing.has(check.kind) ? { ...check, seenPassing: true } : check)) };
}

/** How to wait after a failure: briefly for a registry on this host, patiently for one far away or one that refuses us. */
export function backoffFor(error: Error, nearby: boolean): Backoff {
  if (hasCode(error, 'ROLLCALL_REGISTRY_DENIED') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) return { firstMs: 1_000, capMs: 5_000 };
  if (hasCode(error, 'ROLLCALL_ID_CONFLICT')) return { firstMs: 500, capMs: 1_000 };
  return nearby ? { firstMs: 50, capMs: 250 } : { firstMs: 250, capMs: 5_000 };
}
