import type { InstanceKey } from '../contracts/service-instance.js';
import type { Registration } from '../contracts/registry.js';
import { hasCode } from '../core/errors.js';
import { boundedRenewal } from './bounded-renewal.js';
import type { PacedVerb } from './request-pace.js';

/** A request that is answered at once; a heartbeat or whatever else its sender ends; a long poll. */
export type RequestKind = 'request' | 'beat' | 'held';

/** Runs a verb: settles within its deadline, and rejects only with our own errors. */
export type RunVerb = <T>(
  operation: PacedVerb,
  signal: AbortSignal,
  verb: (signal: AbortSignal) => Promise<T>,
  kind?: RequestKind,
) => Promise<T>;

export interface GuardedVerbs {
  readonly run: RunVerb;
  /** Keeps in mind what may still arrive after it was cut off. */
  readonly write: RunVerb;
  readonly deregister: (signal: AbortSignal) => Promise<void>;
}

/** A registration whose verbs are run by these. */
export function guardRegistration(
  inner: Registration,
  requestedTtlMs: number,
  { run, write, deregister }: GuardedVerbs,
): Registration {
  const changed = inner.changed?.bind(inner);
  const guardedPresence = () => {
    const { presence } = inner;
    return (
      presence && {
        place: presence.place,
        present: (keys: readonly InstanceKey[], signal: AbortSignal) =>
          run('list', signal, (bounded) => presence.present(keys, bounded)),
      }
    );
  };
  return {
    holder: () => inner.holder(),
    level: () => inner.level?.() ?? 0,
    provisional: () => inner.provisional?.() ?? false,
    hasStaleCredentials: () => inner.hasStaleCredentials?.() ?? false,
    renew: async (report, signal) =>
      boundedRenewal(await write('renew', signal, (bounded) => inner.renew(report, bounded), 'beat'), requestedTtlMs),
    deregister: (signal) => run('deregister', signal, deregister),
    get presence() {
      return guardedPresence();
    },
    ...(changed && {
      changed: (signal: AbortSignal) => run('changed', signal, changed, 'held').catch(ignoreTimeout),
    }),
  };
}

/**
 * Treats a timed-out long poll as news. Not every registry ends a poll by itself, and after that time a read is due
 * anyway.
 */
function ignoreTimeout(error: unknown): void {
  if (!hasCode(error, 'ROLLCALL_TIMEOUT')) throw error;
}
