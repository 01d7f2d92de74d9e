import type { ShutdownPolicy } from '../contracts/policies.js';
import { ownMaintenance } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import { hasStaleCredentials } from './active-registration.js';
import type { ActiveRegistration } from './active-registration.js';

export interface LeavePlan {
  /** Without an active registration, nothing is kept under any policy. */
  readonly policy: ShutdownPolicy;
  readonly registry: GuardedRegistry;
  readonly instance: ServiceInstance;
  /** Undefined when nothing was ever registered. */
  readonly active: Readonly<ActiveRegistration> | undefined;
}

/** Sends once what removes our entry or, under another policy, takes it out of traffic. */
export async function leaveEntry(plan: LeavePlan, signal: AbortSignal): Promise<void> {
  const { policy, registry, instance, active } = plan;
  const key = keyOf(instance);
  if (active === undefined || policy === 'deregister') {
    await rewriteStaleCredentials(plan, signal);
    await (active?.registration.deregister(signal) ?? registry.remove(key, signal));
    return;
  }
  // Read first: some registries address heartbeats by id alone, and a successor must not be affected.
  if ((await registry.read(key, signal))?.instance.nonce !== key.nonce) return;
  await rewriteStaleCredentials(plan, signal);
  const { maintain } = registry;
  const { status, reason } =
    policy === 'maintenance' ? ownMaintenance('stopped') : { status: 'critical' as const, reason: 'stopped' };
  if (policy === 'maintenance' && maintain !== undefined) await maintain(key, reason, signal);
  else await active.registration.renew({ status, reason }, signal);
}

/**
 * A registry deregisters under the credentials that wrote the entry. With revoked ones it fails, and readers keep the
 * entry for ever.
 */
async function rewriteStaleCredentials({ registry, instance, active }: LeavePlan, signal: AbortSignal): Promise<void> {
  if (active === undefined || !hasStaleCredentials(active)) return;
  if ((await registry.read(keyOf(instance), signal))?.instance.nonce !== instance.nonce) return;
  await registry.register(instance, { status: 'critical', reason: 'stopping' }, signal);
}
