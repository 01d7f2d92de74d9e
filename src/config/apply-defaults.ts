import type { ComponentPlan } from './config.js';
import type { CheckTls } from '../contracts/service-instance.js';
import type { CheckPlan, Config } from './config.js';
import { defaults } from './defaults.js';
import type { CheckedOptions } from './schema.js';
import { stopSignals } from './stop-signals.js';
import type { Platform } from './stop-signals.js';

type Checks = NonNullable<CheckedOptions['checks']>;
type Components = NonNullable<NonNullable<CheckedOptions['health']>['components']>;
type Shutdown = NonNullable<CheckedOptions['shutdown']>;

/** Every setting that options decide, before the rules between settings are checked. */
export type UncheckedConfig = Omit<Config, 'warnings' | 'noDrain'>;

/** Fills in every default. A default adapts to the options, so that it never contradicts them. */
export function applyDefaults(options: CheckedOptions, platform: Platform): UncheckedConfig {
  const ttlMs = options.ttl ?? defaults.ttlMs[options.tier ?? defaults.tier];
  const stop = stopDefaults(options.shutdown ?? {}, platform);
  const path = (options.health?.path ?? defaults.healthPath).replace(/\/+$/, '');
  return {
    name: options.name,
    naming: options.naming ?? defaults.naming,
    id: options.id,
    address: options.address,
    port: options.port,
    tags: options.tags ?? [],
    meta: options.meta ?? {},
    zone: options.zone,
    weights: options.weights,
    namespace: options.namespace,
    partition: options.partition,
    ttlMs,
    checks: options.checks === undefined ? [] : planChecks(options.checks, path),
    // The other policies keep the entry after a stop, so the registry must not remove it.
    deregisterCriticalAfterMs:
      options.deregisterCriticalAfter ??
      (stop.policy === 'deregister' ? Math.max(defaults.deregisterCriticalAfterMs, 2 * ttlMs) : undefined),
    recover: options.recover ?? defaults.recover,
    drift: options.drift ?? defaults.drift,
    onIdConflict: options.onIdConflict ?? defaults.onIdConflict,
    ready: options.ready ?? (() => true),
    health: {
      path,
      mounted: options.health?.path !== undefined || probesOurs(options.checks),
      port: options.health?.port,
      details: options.health?.details ?? defaults.healthDetails,
      components: planComponents(options.health?.components ?? {}),
    },
    intervalMs: options.heartbeat?.interval ?? Math.floor(ttlMs / defaults.beatsPerTtl),
    thread: options.heartbeat?.thread ?? defaults.thread,
    stallToleranceMs: options.heartbeat?.stallTolerance ?? ttlMs,
    ...stop,
    waitMs: options.wait === false ? Infinity : (options.wait ?? defaults.waitMs),
    required: options.required ?? defaults.required,
  };
}

/** Whether the registry probes our health path, and not a path that the host answers. */
function probesOurs(checks: Checks | undefined): boolean {
  return checks?.http !== undefined && checks.http.path === undefined;
}

function planComponents(components: Components): ComponentPlan[] {
  return Object.entries(components).map(([name, component]) => {
    const { run, close, interval, timeout, failures, successes, onFail, countsAsFailure } = component;
    const intervalMs = interval ?? defaults.componentIntervalMs;
    return {
      name,
      run,
      close,
      intervalMs,
      timeoutMs: timeout ?? Math.min(defaults.componentTimeoutMs, intervalMs),
      failures: failures ?? 1,
      successes: successes ?? 1,
      onFail: onFail ?? defaults.onFail,
      countsAsFailure: countsAsFailure ?? defaults.countsAsFailure,
    };
  });
}

function planChecks({ http, tcp, grpc }: Checks, healthPath: string): CheckPlan[] {
  const plans: CheckPlan[] = [];
  if (http !== undefined)
    plans.push({ kind: 'http', target: http.path ?? `${healthPath}/ready`, ...planTls(http.tls), ...cadence(http) });
  if (tcp !== undefined) plans.push({ kind: 'tcp', ...cadence(tcp) });
  if (grpc !== undefined)
    plans.push({ kind: 'grpc', service: grpc.service ?? '', tls: grpc.tls ?? false, ...cadence(grpc) });
  return plans;
}

function planTls(tls: NonNullable<Checks['http']>['tls']): { tls?: CheckTls } {
  if (tls === undefined) return {};
  const { serverName, insecureSkipVerify } = tls;
  return {
    tls: { ...(serverName !== undefined && { serverName }), ...(insecureSkipVerify === true && { skipVerify: true }) },
  };
}

function cadence({ interval, timeout }: NonNullable<Checks['tcp']>): { intervalMs: number; timeoutMs: number } {
  const intervalMs = interval ?? defaults.checkIntervalMs;
  return { intervalMs, timeoutMs: timeout ?? Math.min(defaults.checkTimeoutMs, intervalMs) };
}

function stopDefaults(
  { signals, policy, shared, drain: wanted, holdClose, timeout, onExit, crash }: Shutdown,
  platform: Platform,
): Pick<Config, 'signals' | 'policy' | 'shared' | 'drain' | 'holdClose' | 'stopTimeoutMs' | 'onExit'> {
  const stopTimeoutMs = timeout ?? defaults.stopTimeoutMs;
  const drain = wanted === false ? undefined : wanted;
  const maxMs = drain?.max ?? Math.min(defaults.drainMaxMs, stopTimeoutMs * defaults.drainShareOfStop);
  return {
    signals: signals === false ? [] : (signals ?? stopSignals(platform)),
    policy: policy ?? defaults.policy,
    shared: shared ?? defaults.shared,
    drain: {
      minMs: drain?.min ?? Math.min(defaults.drainMinMs, maxMs),
      quietMs: drain?.quiet ?? defaults.drainQuiet,
      maxMs,
      streamsMs: drain?.streams ?? defaults.drainStreamsMs,
    },
    holdClose: holdClose ?? defaults.holdClose,
    stopTimeoutMs,
    // The old name.
    onExit: onExit ?? crash ?? defaults.onExit,
  };
}
