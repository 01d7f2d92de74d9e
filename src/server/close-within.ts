import type { Clock } from '../core/clock.js';
import type { Connections } from './connections.js';
import { cutOff, destroyAll, endEventStreams } from './end-streams.js';
import type { CutOff } from './end-streams.js';
import type { Traffic } from './traffic.js';

/** How long what is still open gets to end by itself while the server closes. Times are in milliseconds. */
export interface CloseLimits {
  /** Event streams, and connections that changed their protocol. */
  readonly streamsMs: number;
  /** All other responses. */
  readonly responsesMs: number;
}

/** How long a client has to receive the end of an event stream. */
const FLUSH_MS = 500;
/** How long a request header or a TLS handshake that is half sent may take to arrive completely. */
const HALF_SENT_MS = 250;

/** Lets everything end by itself. */
export const UNLIMITED: CloseLimits = { streamsMs: Infinity, responsesMs: Infinity };

export interface ClosePlan {
  readonly limits: CloseLimits;
  readonly clock: Clock;
  readonly traffic: Pick<Traffic, 'open' | 'isBusy'>;
  readonly connections: readonly Connections[];
  /** Resolve when each server is closed. */
  readonly closings: readonly Promise<void>[];
}

/**
 * Ends what is open on closing servers at its limits. Resolves to what that cut off when all are closed; rejects as
 * the first of them does.
 */
export async function closeWithin(plan: ClosePlan): Promise<CutOff> {
  const { limits, clock, traffic, connections, closings } = plan;
  const timers: (() => void)[] = [];
  const after = (ms: number, run: () => void) => timers.push(clock.after(ms, run));
  const endStreams = () => after(FLUSH_MS, endEventStreams(traffic.open));
  let responses = 0;
  let upgraded = 0;
  after(limits.streamsMs, () => {
    endStreams();
    upgraded += destroyAll(traffic.open.upgraded);
  });
  after(limits.responsesMs, () => {
    endStreams();
    const lost = cutOff(traffic.open);
    responses += lost.responses;
    upgraded += lost.upgraded;
  });
  // Nothing of these requests has reached the host, so nothing is lost.
  after(Math.min(HALF_SENT_MS, limits.streamsMs), () => {
    for (const each of connections) each.destroyUnrequested((socket) => traffic.isBusy(socket));
  });
  const outcomes = await Promise.allSettled(closings);
  for (const cancel of timers) cancel();
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return { responses, upgraded };
}
