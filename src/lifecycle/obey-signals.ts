import type { Events } from '../telemetry/events.js';
import type { Signals } from './signals.js';
import type { Stop } from './stop.js';

export interface Obedience {
  readonly signals: Signals;
  readonly wanted: readonly NodeJS.Signals[];
  readonly stop: Stop;
  readonly events: Events;
}

/** Stops the Registrar at any of the wanted signals, until it has stopped. */
export function obeySignals({ signals, wanted, stop, events }: Obedience): void {
  const handler = {
    stop: async (reason: string, interactive: boolean) => {
      if (interactive) stop.skipDrain();
      return (await stop.stop(reason)).length === 0;
    },
    hurry: (reason: string) => {
      stop.hurry(reason);
    },
  };
  const unsubscribe = signals.subscribe(wanted, handler, (signal) => {
    events.emit('warning', { message: `${signal} has other listeners too: rollcall stops for it, ending the process is left to them` });
  });
  events.on('stopped', unsubscribe);
}
