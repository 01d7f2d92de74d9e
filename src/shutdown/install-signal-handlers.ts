import type { Clock } from '../core/clock.js';
import type { Events } from '../telemetry/events.js';
import { SharedSignalsReporter } from './shared-signals.js';
import type { Shutdown } from './shutdown.js';
import type { Signals } from './signals.js';
import { warnOfSurvival } from './survival.js';

export interface SignalPlan {
  readonly signals: Signals;
  readonly wanted: readonly NodeJS.Signals[];
  /** The host knows that it listens to the same signals, so nothing is said about it. */
  readonly isSharingKnown: boolean;
  readonly clock: Clock;
  readonly stop: Shutdown;
  readonly events: Events;
}

/** Stops the Registrar at any of the wanted signals, until it has stopped. */
export function installSignalHandlers({ signals, wanted, isSharingKnown, clock, stop, events }: SignalPlan): void {
  const shared =
    isSharingKnown || wanted.length === 0
      ? undefined
      : new SharedSignalsReporter({ signals, wanted, clock, onShared: (found) => events.emit('sharedSignals', found) });
  const handler = {
    stop: async (reason: string, interactive: boolean) => {
      shared?.flush();
      if (interactive) stop.skipDrain();
      const errors = await stop.stop(reason);
      if (signals.isHostEnding) warnOfSurvival({ reason, clock, events });
      return errors.length === 0;
    },
    forceStop: (reason: string) => {
      stop.forceStop(reason);
    },
  };
  const unsubscribe = signals.subscribe(wanted, handler);
  events.on('stopped', () => {
    unsubscribe();
    shared?.end();
  });
}
