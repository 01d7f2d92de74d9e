import type { Clock } from '../core/clock.js';
import { isOwnMaintenance } from '../contracts/health-report.js';
import { rememberMaintenance } from './last-known-entry.js';
import { backoffFor } from '../core/backoff.js';
import type { LastKnownEntry } from './last-known-entry.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import { retry } from '../core/retry.js';
import type { Registry, Entry } from '../contracts/registry.js';

/**
 * Removes the entry of a previous incarnation: an entry under our id with the address and port that we hold now can
 * only be our own, and readers must not find it before we are ready. Retries until the signal aborts.
 */
export async function removeStaleEntry(
  registry: GuardedRegistry,
  instance: ServiceInstance,
  lastKnown: LastKnownEntry,
  clock: Clock,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  const clear = async () => {
    const entry = await registry.read(keyOf(instance), signal);
    if (entry === undefined || entry.instance.nonce === instance.nonce || !isSameSlot(entry.instance, instance)) return;
    // A stop left it in maintenance on purpose: it is out of traffic and stays until it is overwritten.
    if (entry.maintenance !== undefined && isOwnMaintenance(entry.maintenance)) return;
    rememberMaintenance(entry, lastKnown);
    await removeEntry(registry, keyOf(instance), entry, signal);
  };
  await retry(clear, {
    clock,
    random,
    signal,
    backoff: (error) => backoffFor(error, registry.traits.isLocal),
    mayRetry: () => true,
    onFailed: () => undefined,
  });
}

/**
 * Removes entries that previous incarnations left under other ids, when every check of them is critical. Tries once;
 * the registry reaps the rest.
 */
export async function removeEntriesOfOlderIds(
  registry: GuardedRegistry,
  instance: ServiceInstance,
  signal: AbortSignal,
): Promise<void> {
  const key = keyOf(instance);
  for (const { id, port } of (await registry.instancesOf(instance.name, signal)) ?? []) {
    if (id === instance.id || port !== instance.port) continue;
    const older = await registry.read({ ...key, id }, signal);
    // An entry without checks gives no sign of being dead.
    const isDead =
      older !== undefined && older.checks.length > 0 && older.checks.every(({ status }) => status === 'critical');
    if (isDead && isSameSlot(older.instance, instance)) await removeEntry(registry, { ...key, id }, older, signal);
  }
}

/** Removes the entry that was read, and nothing written since. */
export function removeEntry(
  registry: Registry,
  { nonce: _ours, ...key }: InstanceKey,
  { instance: { nonce } }: Entry,
  signal: AbortSignal,
): Promise<void> {
  return registry.remove({ ...key, ...(nonce !== undefined && { nonce }) }, signal);
}
