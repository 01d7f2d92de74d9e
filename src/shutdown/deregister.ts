import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { formatDuration } from '../core/duration.js';
import { TimeoutError, asError } from '../core/errors.js';
import { leaveEntry } from '../heartbeat/leave-entry.js';
import type { LeavePlan } from '../heartbeat/leave-entry.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { Entry } from '../contracts/registry.js';

/** How long to wait for proof that our token sees the service as its readers do, unless it has seen it before. */
const SIGHTING_WITHIN_MS = 250;
const LOOK_AGAIN_MS = 100;

export interface Deregistration {
  /** The registry and the readers of the service confirmed that the instance is gone or out of traffic. */
  readonly confirmed: boolean;
  readonly errors: readonly Error[];
}

export interface DeregisterPlan extends LeavePlan {
  readonly clock: Clock;
  /** The readers of the service have seen the instance in its life. */
  readonly wasSeenByReaders?: boolean;
  /** Called when the first try is over: it failed, or a look has shown its result. */
  readonly onTried?: () => void;
}

/**
 * Deregisters or, under another policy, takes the entry out of traffic. Verifies the result and repeats until it
 * holds and no request of ours can undo it. Resolves with `confirmed: false` when the signal aborts first; the TTL
 * then takes the entry out. The same holds under policy `leave`, and after the first failure when nothing was ever
 * registered.
 */
export async function deregister(plan: DeregisterPlan, signal: AbortSignal): Promise<Deregistration> {
  const { policy, registry, instance, active, clock } = plan;
  if (policy === 'leave' && active !== undefined) return { confirmed: false, errors: [] };
  const key = keyOf(instance);
  const outcome = outcomeOf(plan, key);
  let readers: Readers = active === undefined ? 'none' : plan.wasSeenByReaders === true ? 'saw us' : 'unknown';
  if (readers === 'unknown') {
    // A late answer counts too: a sighting is proof whenever it happened.
    const reading = sighting(registry, key, signal).then((answer) => {
      readers = answer;
    });
    await withDeadline(clock, SIGHTING_WITHIN_MS, { operation: 'discover' }, signal, () => reading).catch(
      () => undefined,
    );
  }
  let out = false;
  let lastError: Error | undefined;
  while (!signal.aborted) {
    try {
      if (!out) await leaveEntry(plan, signal);
      // Both at once, since each may take long.
      const [entry, areReadersOut] = await Promise.all([
        registry.read(key, signal),
        isOutForReaders(readers, () => outcome.isSeen(signal)).catch(() => false),
      ]);
      out = entry === undefined || entry.instance.nonce !== key.nonce || outcome.isOut(entry);
      lastError = undefined;
      if (out && !registry.inDoubt) {
        if (areReadersOut) return { confirmed: true, errors: [] };
        plan.onTried?.();
      }
    } catch (thrown) {
      plan.onTried?.();
      if (!signal.aborted) lastError = asError(thrown);
      // An entry without a heartbeat does not pass, and no request of ours is in flight.
      if (active === undefined && !registry.inDoubt) break;
    }
    await clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
  }
  const gone = out && !registry.inDoubt;
  return { confirmed: false, errors: gone ? [] : [lastError ?? notConfirmed(registry.name, instance)] };
}

interface Outcome {
  /** Whether our entry, which is still there, is out of traffic. */
  readonly isOut: (entry: Entry) => boolean;
  /** Whether readers still see the instance; undefined when the registry has no read side. */
  readonly isSeen: (signal: AbortSignal) => Promise<boolean | undefined>;
}

function outcomeOf({ policy, registry, active }: DeregisterPlan, key: InstanceKey): Outcome {
  if (active === undefined || policy === 'deregister')
    return { isOut: () => false, isSeen: (signal) => registry.isVisible(key, signal) };
  return {
    isOut: (entry) => entry.status === 'critical' || entry.status === 'maintenance',
    isSeen: (signal) => registry.isInTraffic(key, signal),
  };
}

function notConfirmed(registry: string, { id, ttlMs }: ServiceInstance): Error {
  const expiry = `readers drop it when its TTL (${formatDuration(ttlMs)}) expires`;
  const message = `${registry} did not confirm that ${id} is out of traffic; ${expiry}`;
  return new TimeoutError(message, { registry, operation: 'deregister' });
}

/** What is known of the service's readers: they saw us, the registry has no read side, or nothing is known. */
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
  // A token without read rights gets an empty list, so absence is proof only after a sighting.
  return readers === 'saw us' && (await isSeen()) === false;
}
