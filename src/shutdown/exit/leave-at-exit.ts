import type { Config } from '../../config/config.js';
import type { Clock } from '../../core/clock.js';
import { formatDuration } from '../../core/duration.js';
import type { HeartbeatHandle } from '../../heartbeat/heartbeat-handle.js';
import type { GuardedRegistry } from '../../registries/guarded-registry.js';
import type { Events } from '../../telemetry/events.js';
import type { StateMachine } from '../../telemetry/state-machine.js';
import { depart } from './depart.js';
import type { ExitHandler, TimeLeft } from './exit-handler.js';

export interface ExitPlan {
  readonly exitHandler: ExitHandler;
  readonly config: Pick<Config, 'policy' | 'intervalMs' | 'ttlMs'>;
  readonly registry: GuardedRegistry;
  readonly clock: Clock;
  readonly events: Events;
  readonly machine: StateMachine;
  /** Undefined while nothing is registered. */
  readonly heartbeat: () => HeartbeatHandle | undefined;
}

/**
 * Leaves the registry when the process exits, until a stop has left it. A stop under way counts as not left: the exit
 * may come before its first request.
 */
export function leaveAtExit(plan: ExitPlan): void {
  const { exitHandler, registry, events, config } = plan;
  // An entry shared by the workers of a cluster outlives this process; the other workers notice our exit.
  if (registry.handedOver !== undefined) return;
  const unsubscribe = exitHandler.subscribe(() => begin(plan));
  events.on('stopped', unsubscribe);
  events.on('deregistered', ({ confirmed }) => {
    if (confirmed) unsubscribe();
  });
  if (isMainThread()) return;
  events.emit('warning', {
    message:
      'this Registrar runs in a worker thread, which is not told when it is terminated or the process exits: ' +
      `the entry then stays until its TTL (${formatDuration(config.ttlMs)}) expires. ` +
      'Register on the main thread, or call registrar.stop() before',
  });
}

function begin({ config, registry, clock, machine, heartbeat }: ExitPlan): (leftMs: TimeLeft) => void {
  const beating = heartbeat();
  const { active } = beating ?? {};
  if (beating === undefined || machine.state === 'failed') return () => undefined;
  // An entry without a heartbeat yet is of no use to anyone, so no policy keeps it.
  const policy = active === undefined ? 'deregister' : config.policy;
  if (policy === 'leave') return () => undefined;
  const instance = active?.instance ?? beating.instance;
  const isCurrent =
    machine.state === 'registered' && active !== undefined && clock.now() - active.beatAt <= config.intervalMs * 1.5;
  const handedOver = beating.leaveAtExit?.(policy);
  return (leftMs) => {
    if (handedOver?.(leftMs()) === true) return;
    const request = { instance, policy, freshMs: config.intervalMs };
    for (const departure of registry.departures(request)) depart(departure, isCurrent, leftMs);
  };
}

function isMainThread(): boolean {
  return process.getBuiltinModule('node:worker_threads').isMainThread;
}
