import type { Clock } from '../core/clock.js';
import type { Events } from '../telemetry/events.js';

/**
 * Keeps the process alive until the first try to register is over, for `mostMs` at most: nothing else may hold it yet, and
 * whoever awaits the start would be cut off by an empty event loop. An outage does not hold it.
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
