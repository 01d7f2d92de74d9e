import type { ConfigIssue } from '../core/errors.js';
import { checkName } from './name-convention.js';
import type { UncheckedConfig } from './apply-defaults.js';
import { EXPIRY_NOTICED_MS } from './defaults.js';
import { formatDuration } from '../core/duration.js';

/** A rule between two options. */
interface Relation {
  /** The option that the issue names. */
  readonly field: string;
  /** The other option. */
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
    allowed: ({ policy }) =>
      `unset under shutdown.policy '${policy}', whose entry stays after a stop: the registry would remove it`,
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
      `at most shutdown.timeout (${formatDuration(stopTimeoutMs)}), which limits the whole stop`,
  },
];

/**
 * The rules that the values violate. Skips a rule with a value that is invalid by itself (`isWrong`), since its message
 * would mislead.
 */
export function crossFieldIssues(config: UncheckedConfig, isWrong: (field: string) => boolean): ConfigIssue[] {
  return relations
    .filter((relation) => !isWrong(relation.field) && !isWrong(relation.against) && !relation.holds(config))
    .map(({ field, value, allowed }) => ({ field, value: display(value(config)), allowed: allowed(config) }));
}

function display(value: number | boolean): string | boolean {
  return typeof value === 'number' ? formatDuration(value) : value;
}

/** The problems of the name under the naming convention. */
export function nameIssues({ name, naming }: UncheckedConfig, isWrong: (field: string) => boolean): ConfigIssue[] {
  if (naming === 'plain' || isWrong('name') || isWrong('naming')) return [];
  return checkName(name, naming).map(({ problem, corrected }) => ({
    field: 'name',
    value: name,
    allowed: `${problem} (naming is strict); try ${corrected}`,
  }));
}

/** Warns of settings that are valid but probably not meant. */
export function configWarnings({
  name,
  checks,
  policy,
  drain,
  ttlMs,
  thread,
  stallToleranceMs,
}: Pick<UncheckedConfig, 'name' | 'checks' | 'policy' | 'drain' | 'ttlMs' | 'thread' | 'stallToleranceMs'>): string[] {
  const expiredAfterMs = ttlMs + EXPIRY_NOTICED_MS;
  // The kernel accepts connections even while the event loop is stalled, so TCP checks still pass.
  const strict =
    thread === 'worker' ? checks.filter(({ kind, timeoutMs }) => kind !== 'tcp' && timeoutMs < stallToleranceMs) : [];
  const slow = checks.filter(({ intervalMs, timeoutMs }) => timeoutMs > intervalMs);
  return [
    ...checkName(name).map(
      ({ problem, corrected }) => `the name ${JSON.stringify(name)}: ${problem}; try ${corrected}`,
    ),
    ...slow.map(
      ({ kind, intervalMs, timeoutMs }) =>
        `checks.${kind}.timeout (${formatDuration(timeoutMs)}) is longer than its interval ` +
        `(${formatDuration(intervalMs)}): probes may pile up; lower the timeout`,
    ),
    ...strict.map(
      ({ kind, timeoutMs }) =>
        `checks.${kind}.timeout (${formatDuration(timeoutMs)}) is shorter than heartbeat.stallTolerance ` +
        `(${formatDuration(stallToleranceMs)}): a stalled event loop fails the check first; raise the timeout`,
    ),
    ...(policy === 'leave' && drain.maxMs < expiredAfterMs
      ? [
          `under shutdown.policy 'leave' requests arrive until the TTL expires: ` +
            `set shutdown.drain.max (${formatDuration(drain.maxMs)}) to ${formatDuration(expiredAfterMs)} or more`,
        ]
      : []),
  ];
}
