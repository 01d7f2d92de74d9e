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
  /** Where heartbeats come from. */
  readonly thread: BeatThread;
  /** Undefined: nothing is in the registry yet. */
  readonly heartbeat: () => HeartbeatHandle | undefined;
  readonly events: Events;
}

/** Has the entry removed when the process crashes, until the Registrar has stopped. What stands in the way is told by a warning. */
export async function prepareCrashDeregister({
  crashMonitor,
  registry,
  sharedThread,
  thread,
  heartbeat,
  events,
}: CrashDeregisterPlan): Promise<void> {
  const { workerSpec, handedOver, name } = registry;
  // An entry that is shared outlives this process anyway, and whoever shares it notices our end.
  if (handedOver !== undefined) return;
  try {
    if (workerSpec === undefined) throw new Error(`the registry (${name}) works on the main thread only`);
    const beats = thread === 'worker' ? await sharedThread() : undefined;
    const end = await (
      await crashMonitor()
    ).subscribe(workerSpec, () => {
      const beating = heartbeat();
      if (beating === undefined) return undefined;
      // They would notice that the entry has gone, and write it again.
      beats?.giveUp('the process crashes');
      return { registry: workerSpec, key: keyOf(beating.held?.instance ?? beating.instance) };
    });
    events.on('stopped', end);
  } catch (thrown) {
    events.emit('warning', {
      message: `shutdown.crash: there will be no last try to deregister: ${asError(thrown).message}`,
    });
  }
}
