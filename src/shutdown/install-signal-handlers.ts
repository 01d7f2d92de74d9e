import type { Events } from '../telemetry/events.js';
import type { Signals } from './signals.js';
import type { Shutdown } from './shutdown.js';

export interface SignalPlan {
  readonly signals: Signals;
  readonly wanted: readonly NodeJS.Signals[];
  readonly stop: Shutdown;
  readonly events: Events;
}

/** Stops the Registrar at any of the wanted signals, until it has stopped. */
export function installSignalHandlers({ signals, wanted, stop, events }: SignalPlan): void {
  const handler = {
    stop: async (reason: string, interactive: boolean) => {
      if (interactive) stop.skipDrain();
      return (await stop.stop(reason)).length === 0;
    },
    forceStop: (reason: string) => {
      stop.forceStop(reason);
    },
  };
  const unsubscribe = signals.subscribe(wanted, handler, (signal) => {
    events.emit('warning', {
      message: `${signal} has other listeners too: rollcall deregisters and drains, and they must end the process`,
    });
  });
  events.on('stopped', unsubscribe);
}
