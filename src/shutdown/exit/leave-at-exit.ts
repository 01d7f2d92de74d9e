import type { Config } from '../../config/config.js';
import type { Clock } from '../../core/clock.js';
import { formatDuration } from '../../core/duration.js';
import type { HeartbeatHandle } from '../../heartbeat/heartbeat-handle.js';
import type { GuardedRegistry } from '../../registries/guarded-registry.js';
import type { Events } from '../../telemetry/events.js';
import type { StateMachine } from '../../telemetry/state-machine.js';
import type { PlannedDeparture } from './depart.js';
import type { ExitHandler } from './exit-handler.js';
import type { TimeLeft } from './time-left.js';

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
  const { exitHandler, registry, events, config, machine } = plan;
  // Loaded after the start, and the stop may have been faster.
  if (machine.state === 'stopped') return;
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

function begin(plan: ExitPlan): (leftMs: TimeLeft) => readonly PlannedDeparture[] {
  const { config, registry, machine, heartbeat } = plan;
  const beating = heartbeat();
  if (beating === undefined || machine.state === 'failed') return nothing;
  const { active } = beating;
  // An entry without a heartbeat yet is of no use to anyone, so no policy keeps it.
  const policy = active === undefined ? 'deregister' : config.policy;
  if (policy === 'leave') return nothing;
  const instance = active?.instance ?? beating.instance;
  const isCurrent = machine.state === 'registered' && active !== undefined && isOnTime(active.beatAt, plan);
  const hasLeft = beating.leaveAtExit?.(policy);
  return (leftMs) => {
    if (hasLeft?.(leftMs()) === true) return [];
    const freshMs = config.intervalMs;
    return registry.departures({ instance, policy, freshMs }).map((departure) => ({ departure, isCurrent }));
  };
}

const nothing = () => [];

/** Heartbeats come once an interval, and their answers take some time. */
function isOnTime(beatAt: number, { clock, config }: ExitPlan): boolean {
  return clock.now() - beatAt <= config.intervalMs * 1.5;
}

function isMainThread(): boolean {
  return process.getBuiltinModule('node:worker_threads').isMainThread;
}
