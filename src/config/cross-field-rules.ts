import type { ConfigIssue } from '../core/errors.js';
import { checkName } from './name-convention.js';
import type { UncheckedConfig } from './apply-defaults.js';
import { EXPIRY_NOTICED_MS } from './defaults.js';
import { formatDuration } from '../core/duration.js';

/** Something that must hold between two values. */
interface Relation {
  /** The option to name in the problem. */
  readonly field: string;
  /** The option that it is measured against. */
  readonly against: string;
  readonly value: (config: UncheckedConfig) => number | boolean;
  readonly holds: (config: UncheckedConfig) => boolean;
  readonly allowed: (config: UncheckedConfig) => string;
}

const relations: readonly Relation[] = [
  {
    field: 'heartbeat.interval',
    against: 'ttl',
    value: ({ intervalMs }) => intervalMs,
    holds: ({ intervalMs, ttlMs }) => intervalMs <= ttlMs / 2,
    allowed: ({ ttlMs }) => `at most half the ttl (${formatDuration(ttlMs / 2)}), so that one heartbeat may fail`,
  },
  {
    field: 'deregisterCriticalAfter',
    against: 'ttl',
    value: ({ deregisterCriticalAfterMs = Infinity }) => deregisterCriticalAfterMs,
    holds: ({ deregisterCriticalAfterMs = Infinity, ttlMs }) => deregisterCriticalAfterMs > ttlMs,
    allowed: ({ ttlMs }) => `more than the ttl (${formatDuration(ttlMs)})`,
  },
  {
    field: 'deregisterCriticalAfter',
    against: 'shutdown.policy',
    value: ({ deregisterCriticalAfterMs = Infinity }) => deregisterCriticalAfterMs,
    holds: ({ deregisterCriticalAfterMs, policy }) =>
      deregisterCriticalAfterMs === undefined || policy === 'deregister',
    allowed: ({ policy }) => `nothing under shutdown.policy '${policy}': the registry would remove what is to stay`,
  },
  {
    field: 'shutdown.drain.min',
    against: 'shutdown.drain.max',
    value: ({ drain }) => drain.minMs,
    holds: ({ drain }) => drain.minMs <= drain.maxMs,
    allowed: ({ drain }) => `at most shutdown.drain.max (${formatDuration(drain.maxMs)})`,
  },
  {
    field: 'shutdown.drain.max',
    against: 'shutdown.timeout',
    value: ({ drain }) => drain.maxMs,
    holds: ({ drain, stopTimeoutMs }) => drain.maxMs <= stopTimeoutMs,
    allowed: ({ stopTimeoutMs }) =>
      `at most shutdown.timeout (${formatDuration(stopTimeoutMs)}), which holds for the whole stop`,
  },
  {
    field: 'shutdown.crash',
    against: 'shutdown.policy',
    value: ({ crash }) => crash,
    holds: ({ crash, policy }) => !crash || policy === 'deregister',
    allowed: ({ policy }) =>
      `false under shutdown.policy '${policy}': a last try to deregister would remove what is to stay`,
  },
];

/** What does not hold between the values. A relation with a value that is wrong by itself (`isWrong`) is left out: it would only mislead. */
export function crossFieldIssues(config: UncheckedConfig, isWrong: (field: string) => boolean): ConfigIssue[] {
  return relations
    .filter((relation) => !isWrong(relation.field) && !isWrong(relation.against) && !relation.holds(config))
    .map(({ field, value, allowed }) => ({ field, value: shown(value(config)), allowed: allowed(config) }));
}

function shown(value: number | boolean): string | boolean {
  return typeof value === 'number' ? formatDuration(value) : value;
}

/** What is wrong with a name that has to follow the convention. */
export function nameIssues({ name, naming }: UncheckedConfig, isWrong: (field: string) => boolean): ConfigIssue[] {
  if (naming === 'plain' || isWrong('name') || isWrong('naming')) return [];
  return checkName(name, naming).map(({ problem, corrected }) => ({
    field: 'name',
    value: name,
    allowed: `${problem} (naming is strict); try ${corrected}`,
  }));
}

/** What is allowed but will probably surprise. */
export function configWarnings({
  name,
  checks,
  policy,
  drain,
  ttlMs,
  thread,
  stallToleranceMs,
}: Pick<UncheckedConfig, 'name' | 'checks' | 'policy' | 'drain' | 'ttlMs' | 'thread' | 'stallToleranceMs'>): string[] {
  const unseenMs = ttlMs + EXPIRY_NOTICED_MS;
  // A connection is accepted by the system, whatever the event loop does.
  const strict =
    thread === 'worker' ? checks.filter(({ kind, timeoutMs }) => kind !== 'tcp' && timeoutMs < stallToleranceMs) : [];
  const slow = checks.filter(({ intervalMs, timeoutMs }) => timeoutMs > intervalMs);
  return [
    ...checkName(name).map(
      ({ problem, corrected }) => `the name ${JSON.stringify(name)}: ${problem}; try ${corrected}`,
    ),
    ...slow.map(
      ({ kind, intervalMs, timeoutMs }) =>
        `checks.${kind}.timeout (${formatDuration(timeoutMs)}) is longer than its interval (${formatDuration(intervalMs)}): probes may pile up`,
    ),
    ...strict.map(
      ({ kind, timeoutMs }) =>
        `checks.${kind}.timeout (${formatDuration(timeoutMs)}) is shorter than heartbeat.stallTolerance (${formatDuration(stallToleranceMs)}): when the event loop stalls, the registry's own verdict comes first`,
    ),
    ...(policy === 'leave' && drain.maxMs < unseenMs
      ? [
          `under shutdown.policy 'leave' callers come until the TTL has run out: shutdown.drain.max (${formatDuration(drain.maxMs)}) should be ${formatDuration(unseenMs)} or more`,
        ]
      : []),
  ];
}
