import type { Clock } from '../core/clock.js';
import type { BoundServer } from '../server/bound-server.js';
import type { Events } from '../telemetry/events.js';

/** The least time between two warnings about a server that fails again and again. */
const REPEAT_EVERY_MS = 60_000;

export interface FailingPlan {
  readonly server: BoundServer | undefined;
  readonly clock: Clock;
  readonly events: Events;
  /** Called whenever the server begins to fail or has recovered. */
  readonly onChange: () => void;
}

/** Warns of a server that fails, since its instance is out of traffic meanwhile. */
export function reportFailing({ server, clock, events, onChange }: FailingPlan): void {
  let reportedAt = -Infinity;
  server?.onFailing(() => {
    onChange();
    if (!server.isFailing || clock.now() - reportedAt < REPEAT_EVERY_MS) return;
    reportedAt = clock.now();
    const { reason = 'one of its listeners emitted an error' } = server.problem;
    const message = `the server fails, so the instance is critical and gets no traffic until it recovers: ${reason}`;
    events.emit('warning', { message });
  });
}
