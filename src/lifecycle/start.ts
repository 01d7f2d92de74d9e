import type { Clock } from '../core/clock.js';
import type { Config } from '../config/config.js';
import { NotReadyError } from '../core/errors.js';
import type { LastKnownEntry } from '../heartbeat/last-known-entry.js';
import { buildInstance } from '../instance/build-instance.js';
import type { BuiltInstance } from '../instance/build-instance.js';
import type { LocalSystem } from '../instance/local-system.js';
import { findPlace } from '../instance/find-place.js';
import type { Place } from '../instance/find-place.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
import type { ListeningServer } from '../instance/checks.js';
import { unanswered, untilReady } from './readiness-gate.js';
import type { StartProgress } from './start-progress.js';
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
  /** Learns what the start waits for. */
  readonly progress: StartProgress;
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
  const { config, nonce, system, onIdentity } = plan;
  const server = await untilListening(plan, signal);
  const place = await untilPlaced(plan, server, signal);
  const built = buildInstance(config, { nonce, place, hostname: system.hostname(), ...(server && { server }) });
  onIdentity(built);
  await untilOpen(plan, built.instance, signal);
  return built.instance;
}

async function untilListening(
  { server, progress, system }: StartPlan,
  signal: AbortSignal,
): Promise<ListeningServer | undefined> {
  if (server === undefined) return undefined;
  const step = { waitingFor: 'the server to listen', problem: () => server.problem.notListening() };
  const listening = await progress.during(step, () => server.listening(signal));
  return listening.address === '::'
    ? { ...listening, isIpv6Only: await system.isIpv6Only(listening.port, signal) }
    : listening;
}

async function untilPlaced(plan: StartPlan, server: ListeningServer | undefined, signal: AbortSignal): Promise<Place> {
  const { config, registry, system, clock, random, progress } = plan;
  let problem: NotReadyError | undefined;
  const onWarning = (message: string) => {
    problem = new NotReadyError(message);
    plan.onWarning(message);
  };
  const waitingFor = config.port === 'docker' ? 'Docker to name the published port' : 'an address to advertise';
  return progress.during({ waitingFor, problem: () => problem }, () =>
    findPlace({ config, server, registry, system, clock, random, onWarning }, signal),
  );
}

async function untilOpen(plan: StartPlan, instance: ServiceInstance, signal: AbortSignal): Promise<void> {
  const { config, clock, progress } = plan;
  let endClearing: (() => Promise<void>) | undefined;
  let problem: NotReadyError | undefined;
  // Only while the gate is shut, since registering overwrites the entry anyway; and in parallel, since a registry
  // that is down must not keep the gate shut.
  const clear = () => {
    endClearing ??= clearStaleEntry(plan, instance, signal);
  };
  const onShut = (reason: NotReadyError) => {
    problem = reason;
    clear();
  };
  const cancel = clock.after(SLOW_ANSWER_MS, clear);
  try {
    await progress.during({ waitingFor: '`ready` to return true', problem: () => problem ?? unanswered() }, () =>
      untilReady(config.ready, onShut, clock, signal),
    );
  } finally {
    cancel();
    await endClearing?.();
  }
}

/** Begins to remove the entry of a previous incarnation. The returned function ends that. */
function clearStaleEntry(
  { registry, lastKnown, clock, random }: StartPlan,
  instance: ServiceInstance,
  signal: AbortSignal,
): () => Promise<void> {
  const end = new AbortController();
  const until = AbortSignal.any([signal, end.signal]);
  const clearing = removeStaleEntry(registry, instance, lastKnown, clock, random, until).catch(() => undefined);
  return () => {
    end.abort();
    return clearing;
  };
}
