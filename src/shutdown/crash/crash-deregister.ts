import type { BeatThread } from '../../contracts/policies.js';
import { asError } from '../../core/errors.js';
import type { HeartbeatHandle } from '../../heartbeat/heartbeat-handle.js';
import type { SharedThread } from '../../heartbeat/worker/shared-thread.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { GuardedRegistry } from '../../registries/guarded-registry.js';
import type { Events } from '../../telemetry/events.js';
import type { CrashMonitor } from './crash-monitor.js';

export interface CrashDeregisterPlan {
  readonly crashMonitor: () => Promise<CrashMonitor>;
  readonly registry: GuardedRegistry;
  readonly sharedThread: () => Promise<SharedThread>;
  /** The thread that sends heartbeats. */
  readonly thread: BeatThread;
  /** Undefined while nothing is registered. */
  readonly heartbeat: () => HeartbeatHandle | undefined;
  readonly events: Events;
}

/**
 * Has the entry removed when the process crashes, until the Registrar has stopped. Emits a warning when that is not
 * possible.
 */
export async function prepareCrashDeregister({
  crashMonitor,
  registry,
  sharedThread,
  thread,
  heartbeat,
  events,
}: CrashDeregisterPlan): Promise<void> {
  const { workerSpec, handedOver, name } = registry;
  // An entry shared by the workers of a cluster outlives this process; the other workers notice our exit.
  if (handedOver !== undefined) return;
  try {
    if (workerSpec === undefined) throw new Error(`the registry (${name}) cannot be rebuilt in a worker thread`);
    const beats = thread === 'worker' ? await sharedThread() : undefined;
    const end = await (
      await crashMonitor()
    ).subscribe(workerSpec, () => {
      const beating = heartbeat();
      if (beating === undefined) return undefined;
      // Otherwise the heartbeat would notice the missing entry and write it again.
      beats?.giveUp('the process crashes');
      return { registry: workerSpec, key: keyOf(beating.active?.instance ?? beating.instance) };
    });
    events.on('stopped', end);
  } catch (thrown) {
    events.emit('warning', {
      message: `shutdown.crash has no effect, so a crash leaves the entry to its TTL: ${asError(thrown).message}`,
    });
  }
}
