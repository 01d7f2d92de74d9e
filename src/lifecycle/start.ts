import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { buildInstance } from '../instance/build-instance.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { BoundedRegistry } from '../registry/bounded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
import { untilReady } from './gate.js';
import { clearLeftovers } from './leftover.js';

export interface StartPlan {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  readonly registry: BoundedRegistry;
  readonly server: BoundServer | undefined;
  readonly nonce: string;
  /** Told who we are as soon as the server listens, before the gate opens. */
  readonly onIdentity: (instance: ServiceInstance, notes: readonly string[]) => void;
}

/** From start to the moment when we may be listed: the server listens, we know who we are, our past self is out of traffic, the gate is open. */
export async function untilServing(plan: StartPlan, signal: AbortSignal): Promise<ServiceInstance> {
  const { config, clock, random, registry, server, nonce } = plan;
  const listening = await server?.listening(signal);
  const { instance, notes } = buildInstance(config, { nonce, registry, ...(listening && { server: listening }) });
  plan.onIdentity(instance, notes);
  const gateOpen = new AbortController();
  // Beside the gate: a registry that is down must not keep the gate shut, and once it is open the entry is overwritten anyway.
  const clearing = clearLeftovers(registry, instance, clock, random, AbortSignal.any([signal, gateOpen.signal])).catch(() => undefined);
  try {
    await untilReady(config.ready, clock, signal);
  } finally {
    gateOpen.abort();
    await clearing;
  }
  return instance;
}
