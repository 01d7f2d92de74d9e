import type { Clock } from '../clock.js';
import { backoffFor } from '../heartbeat/recover.js';
import { keyOf } from '../instance/service-instance.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { Registry } from '../registry/registry.js';
import { retry } from '../resilience/retry.js';

/**
 * Takes what a past life of ours left in the registry out of traffic: an entry under our id with the address and port that
 * we hold now can only be our own, and must not be handed out before we are ready. Tries until the signal aborts.
 */
export async function clearLeftover(registry: Registry, instance: ServiceInstance, clock: Clock, random: () => number, signal: AbortSignal): Promise<void> {
  const { nonce: _ours, ...slot } = keyOf(instance);
  await retry(
    async () => {
      const entry = await registry.read(slot, signal);
      if (entry === undefined || entry.instance.nonce === instance.nonce) return;
      const { address, port, nonce } = entry.instance;
      const sameSlot = (address ?? '') === (instance.address ?? '') && port === instance.port;
      if (sameSlot) await registry.remove({ ...slot, ...(nonce !== undefined && { nonce }) }, signal);
    },
    { clock, random, signal, backoff: (error) => backoffFor(error, registry.nearby), mayRetry: () => true, onFailed: () => undefined },
  );
}
