import type { Clock } from '../core/clock.js';
import type { ShutdownPolicy } from '../contracts/policies.js';
import { TimeoutError, asError } from '../core/errors.js';
import { ownMaintenance } from '../contracts/health-report.js';
import { hasStaleCredentials } from '../heartbeat/active-registration.js';
import type { ActiveRegistration } from '../heartbeat/active-registration.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { Entry } from '../contracts/registry.js';

/** How long leaving is put off to learn whether readers, with our token, can be seen at all. */
const SIGHTING_WITHIN_MS = 250;
const LOOK_AGAIN_MS = 100;

export interface Deregistration {
  /** Seen to be gone, or out of traffic, at the place where we registered and for the readers of the service. */
  readonly confirmed: boolean;
  readonly errors: readonly Error[];
}

export interface DeregisterPlan {
  readonly policy: ShutdownPolicy;
  readonly registry: GuardedRegistry;
  readonly instance: ServiceInstance;
  /** Undefined: nothing was ever registered. */
  readonly held: Readonly<ActiveRegistration> | undefined;
  readonly clock: Clock;
}

/**
 * Deregisters or, under another policy, takes the entry out of traffic; looks, and does so again until that is so and no request of ours
 * can undo it. Resolves with `confirmed: false` when the signal aborts first: then the TTL has to do it; so it does under `leave`, and
 * after the first failure when nothing was ever registered.
 */
export async function deregister(plan: DeregisterPlan, signal: AbortSignal): Promise<Deregistration> {
  const { policy, registry, instance, held, clock } = plan;
  if (policy === 'leave' && held !== undefined) return { confirmed: false, errors: [] };
  const key = keyOf(instance);
  const way = wayOut(plan, key);
  let readers: Readers = held === undefined ? 'none' : 'unknown';
  if (held !== undefined) {
    // A late answer counts as well: having seen us is proof whenever it was.
    const asked = sighting(registry, key, signal).then((answer) => {
      readers = answer;
    });
    await Promise.race([asked, clock.sleep(SIGHTING_WITHIN_MS, signal).catch(() => undefined)]);
  }
  let out = false;
  let lastError: Error | undefined;
  while (!signal.aborted) {
    try {
      if (!out) await way.go(signal);
      const entry = await registry.read(key, signal);
      out = entry === undefined || entry.instance.nonce !== key.nonce || way.isOut(entry);
      lastError = undefined;
      if (out && !registry.inDoubt && (await isOutForReaders(readers, () => way.isSeen(signal))))
        return { confirmed: true, errors: [] };
    } catch (thrown) {
      if (!signal.aborted) lastError = asError(thrown);
      // Whatever may be there has never had a heartbeat, so it does not pass, and there is no request to outwait.
      if (held === undefined && !registry.inDoubt) break;
    }
    await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
  }
  const gone = out && !registry.inDoubt;
  return { confirmed: false, errors: gone ? [] : [lastError ?? notConfirmed(registry.name, instance)] };
}

interface WayOut {
  readonly go: (signal: AbortSignal) => Promise<unknown>;
  /** Of an entry of ours that is still there. */
  readonly isOut: (entry: Entry) => boolean;
  /** Whether readers still see what they should not; undefined: there is nobody to ask. */
  readonly isSeen: (signal: AbortSignal) => Promise<boolean | undefined>;
}

function wayOut(plan: DeregisterPlan, key: InstanceKey): WayOut {
  const { policy, registry, held } = plan;
  if (held === undefined || policy === 'deregister') {
    return {
      async go(signal) {
        await rewriteStaleCredentials(plan, key, signal);
        await (held?.registration.deregister(signal) ?? registry.remove(key, signal));
      },
      isOut: () => false,
      isSeen: (signal) => registry.isVisible(key, signal),
    };
  }
  const { maintain } = registry;
  const { status, reason } =
    policy === 'maintenance' ? ownMaintenance('stopped') : { status: 'critical' as const, reason: 'stopped' };
  return {
    async go(signal) {
      // Looked at first: heartbeats know ids alone on some registries, and a successor must not be hit.
      if ((await registry.read(key, signal))?.instance.nonce !== key.nonce) return;
      await rewriteStaleCredentials(plan, key, signal);
      if (policy === 'maintenance' && maintain !== undefined) await maintain(key, reason, signal);
      else await held.registration.renew({ status, reason }, signal);
    },
    isOut: (entry) => entry.status === 'critical' || entry.status === 'maintenance',
    isSeen: (signal) => registry.isInTraffic(key, signal),
  };
}

/** A registry forgets an entry under the credentials that it was written with: with dead ones its readers would be handed it for ever. */
async function rewriteStaleCredentials(
  { registry, instance, held }: DeregisterPlan,
  key: InstanceKey,
  signal: AbortSignal,
): Promise<void> {
  if (held === undefined || !hasStaleCredentials(held)) return;
  if ((await registry.read(key, signal))?.instance.nonce !== key.nonce) return;
  await registry.register(instance, { status: 'critical', reason: 'stopping' }, signal);
}

function notConfirmed(registry: string, { id, ttlMs }: ServiceInstance): Error {
  const message = `${registry} did not confirm in time that ${id} is out of traffic; it stops passing ${String(ttlMs)} ms after its last beat`;
  return new TimeoutError(message, { registry, operation: 'deregister' });
}

/** What can be said of the readers of the service: they saw us, there are none to ask for, or nothing. */
type Readers = 'saw us' | 'none' | 'unknown';

async function sighting(registry: GuardedRegistry, key: InstanceKey, signal: AbortSignal): Promise<Readers> {
  try {
    const visible = await registry.isVisible(key, signal);
    return visible === undefined ? 'none' : visible ? 'saw us' : 'unknown';
  } catch {
    return 'unknown';
  }
}

async function isOutForReaders(readers: Readers, isSeen: () => Promise<boolean | undefined>): Promise<boolean> {
  if (readers === 'none') return true;
  // A token without the right to read is answered with an empty list: not seeing us proves something only if it saw us before.
  return readers === 'saw us' && (await isSeen()) === false;
}
