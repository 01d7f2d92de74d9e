import type { Clock } from '../core/clock.js';
import type { Config } from '../config/config.js';
import type { LastKnownEntry } from '../heartbeat/last-known-entry.js';
import { buildInstance } from '../instance/build-instance.js';
import type { BuiltInstance } from '../instance/build-instance.js';
import type { LocalSystem } from '../instance/local-system.js';
import { findPlace } from '../instance/find-place.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
import { untilReady } from './readiness-gate.js';
import { removeStaleEntry } from '../heartbeat/stale-entries.js';

/** While the gate takes longer to answer, it counts as shut. */
const SLOW_ANSWER_MS = 50;

export interface StartPlan {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  readonly registry: GuardedRegistry;
  readonly server: BoundServer | undefined;
  readonly nonce: string;
  readonly lastKnown: LastKnownEntry;
  readonly system: LocalSystem;
  /** Called with the instance's identity once the server listens, before the gate opens. */
  readonly onIdentity: (built: BuiltInstance) => void;
  /** Called with what delays the start and what else deserves attention. */
  readonly onWarning: (message: string) => void;
}

/**
 * Resolves when the instance may be listed: the server listens, the identity is known, a stale entry is out of
 * traffic and the gate is open.
 */
export async function untilServing(plan: StartPlan, signal: AbortSignal): Promise<ServiceInstance> {
  const { config, clock, random, registry, server, nonce, lastKnown, system, onIdentity, onWarning } = plan;
  const listening = await server?.listening(signal);
  const place = await findPlace({ config, server: listening, registry, system, clock, random, onWarning }, signal);
  const built = buildInstance(config, {
    nonce,
    place,
    hostname: system.hostname(),
    ...(listening && { server: listening }),
  });
  const { instance } = built;
  onIdentity(built);
  const gateOpen = new AbortController();
  let clearing: Promise<void> | undefined;
  // Only while the gate is shut, since registering overwrites the entry anyway; and in parallel, since a registry
  // that is down must not keep the gate shut.
  const onShut = () => {
    clearing ??= removeStaleEntry(
      registry,
      instance,
      lastKnown,
      clock,
      random,
      AbortSignal.any([signal, gateOpen.signal]),
    ).catch(() => undefined);
  };
  const cancel = clock.after(SLOW_ANSWER_MS, onShut);
  try {
    await untilReady(config.ready, onShut, clock, signal);
  } finally {
    cancel();
    gateOpen.abort();
    await clearing;
  }
  return instance;
}
