import type { BeatThread } from '../config/options.js';
import { asError } from '../errors.js';
import type { Beating } from '../heartbeat/beating.js';
import type { SharedThread } from '../heartbeat/thread/shared-thread.js';
import { keyOf } from '../instance/service-instance.js';
import type { BoundedRegistry } from '../registry/bounded-registry.js';
import type { Events } from '../telemetry/events.js';
import type { Crashes } from './crash.js';

export interface LastTryPlan {
  readonly crashes: () => Promise<Crashes>;
  readonly registry: BoundedRegistry;
  readonly sharedThread: () => Promise<SharedThread>;
  /** Where heartbeats come from. */
  readonly thread: BeatThread;
  /** Undefined: nothing is in the registry yet. */
  readonly heartbeat: () => Beating | undefined;
  readonly events: Events;
}

/** Has the entry removed when the process crashes, until the Registrar has stopped. What stands in the way is told by a warning. */
export async function prepareLastTry({ crashes, registry, sharedThread, thread, heartbeat, events }: LastTryPlan): Promise<void> {
  const { workerSpec, handedOver, name } = registry;
  // An entry that is shared outlives this process anyway, and whoever shares it notices our end.
  if (handedOver !== undefined) return;
  try {
    if (workerSpec === undefined) throw new Error(`the registry (${name}) works on the main thread only`);
    const beats = thread === 'worker' ? await sharedThread() : undefined;
    const end = await (await crashes()).subscribe(workerSpec, () => {
      const beating = heartbeat();
      if (beating === undefined) return undefined;
      // They would notice that the entry has gone, and write it again.
      beats?.giveUp('the process crashes');
      return { registry: workerSpec, key: keyOf(beating.held?.instance ?? beating.instance) };
    });
    events.on('stopped', end);
  } catch (thrown) {
    events.emit('warning', { message: `shutdown.crash: there will be no last try to deregister: ${asError(thrown).message}` });
  }
}
