import type { Clock } from '../core/clock.js';
import type { Events } from '../telemetry/events.js';

/**
 * Keeps the process alive until the first attempt to register ends, for `mostMs` at most. Otherwise an empty event
 * loop could end a process that awaits the start. An outage does not keep the process alive.
 */
export function holdFirstTry(events: Events, clock: Clock, mostMs: number): void {
  const release = clock.hold();
  const end = () => {
    off();
    cancel();
    release();
  };
  const cancel = clock.after(mostMs, end);
  const off = events.on('state', ({ to }) => {
    if (to !== 'waiting' && to !== 'registering') end();
  });
}
