import type { Clock } from '../clock.js';
import { TimeoutError, asError } from '../errors.js';
import type { Held } from '../heartbeat/recover.js';
import { keyOf } from '../instance/service-instance.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { BoundedRegistry } from '../registry/bounded-registry.js';

/** How long deregistering waits to learn whether readers, with our token, can be seen at all. */
const SIGHTING_WITHIN_MS = 250;
const LOOK_AGAIN_MS = 100;

export interface Departure {
  /** Seen to be gone, at the place where we registered and for the readers of the service. */
  readonly confirmed: boolean;
  readonly errors: readonly Error[];
}

/**
 * Deregisters, looks, and deregisters again until the entry is absent and no request of ours can bring it back. Resolves
 * with `confirmed: false` when the signal aborts first: then the TTL has to do it; and at the first failure when nothing was
 * ever registered.
 */
export async function leave(
  registry: BoundedRegistry,
  instance: ServiceInstance,
  held: Readonly<Held> | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<Departure> {
  const key = keyOf(instance);
  const readers = held === undefined ? 'none' : await sighting(registry, instance, clock, signal);
  let removed = false;
  let lastError: Error | undefined;
  while (!signal.aborted) {
    try {
      if (!removed) await (held?.registration.deregister(signal) ?? registry.remove(key, signal));
      const entry = await registry.read(key, signal);
      removed = entry?.instance.nonce !== key.nonce;
      lastError = undefined;
      if (removed && !registry.inDoubt && (await goneForReaders(registry, instance, readers, signal))) return { confirmed: true, errors: [] };
    } catch (thrown) {
      if (!signal.aborted) lastError = asError(thrown);
      // Whatever may be there has never had a heartbeat, so it does not pass, and there is no request to outwait.
      if (held === undefined && !registry.inDoubt) break;
    }
    await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
  }
  const gone = removed && !registry.inDoubt;
  return { confirmed: false, errors: gone ? [] : [lastError ?? notConfirmed(registry.name, instance)] };
}

function notConfirmed(registry: string, { id, ttlMs }: ServiceInstance): Error {
  const message = `${registry} did not confirm in time that ${id} is gone; it stops passing ${String(ttlMs)} ms after its last beat`;
  return new TimeoutError(message, { registry, operation: 'deregister' });
}

/** What can be said of the readers of the service: they saw us, there are none to ask for, or nothing. */
type Readers = 'saw us' | 'none' | 'unknown';

async function sighting(registry: BoundedRegistry, instance: ServiceInstance, clock: Clock, signal: AbortSignal): Promise<Readers> {
  const asked = registry.isVisible(keyOf(instance), signal).then((visible): Readers => (visible === undefined ? 'none' : visible ? 'saw us' : 'unknown'));
  const late = clock.sleep(SIGHTING_WITHIN_MS, signal).then((): Readers => 'unknown');
  return Promise.race([asked, late]).catch(() => 'unknown');
}

async function goneForReaders(registry: BoundedRegistry, instance: ServiceInstance, readers: Readers, signal: AbortSignal): Promise<boolean> {
  if (readers === 'none') return true;
  // A token without the right to read is answered with an empty list: not seeing us proves something only if it saw us before.
  return readers === 'saw us' && (await registry.isVisible(keyOf(instance), signal)) === false;
}
