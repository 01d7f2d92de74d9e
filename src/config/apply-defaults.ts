import type { ComponentPlan } from './config.js';
import type { CheckTls } from '../contracts/service-instance.js';
import type { CheckPlan, Config } from './config.js';
import { defaults } from './defaults.js';
import type { CheckedOptions } from './schema.js';

type Checks = NonNullable<CheckedOptions['checks']>;
type Components = NonNullable<NonNullable<CheckedOptions['health']>['components']>;
type Shutdown = NonNullable<CheckedOptions['shutdown']>;

/** Every setting, before anyone has looked whether they go together. */
export type UncheckedConfig = Omit<Config, 'warnings'>;

/** Fills in every default. Defaults bend so that they never contradict what was given. */
export function applyDefaults(asked: CheckedOptions): UncheckedConfig {
  const ttlMs = asked.ttl ?? defaults.ttlMs[asked.tier ?? defaults.tier];
  const stop = decideStop(asked.shutdown ?? {});
  const path = (asked.health?.path ?? defaults.healthPath).replace(/\/+$/, '');
  return {
    name: asked.name,
    naming: asked.naming ?? defaults.naming,
    id: asked.id,
    address: asked.address,
    port: asked.port,
    tags: asked.tags ?? [],
    meta: asked.meta ?? {},
    weights: asked.weights,
    namespace: asked.namespace,
    partition: asked.partition,
    ttlMs,
    checks: asked.checks === undefined ? [] : planChecks(asked.checks, path),
    // What a stop leaves on purpose would be reaped.
    deregisterCriticalAfterMs:
      asked.deregisterCriticalAfter ??
      (stop.policy === 'deregister' ? Math.max(defaults.deregisterCriticalAfterMs, 2 * ttlMs) : undefined),
    recover: asked.recover ?? defaults.recover,
    drift: asked.drift ?? defaults.drift,
    onIdConflict: asked.onIdConflict ?? defaults.onIdConflict,
    ready: asked.ready ?? (() => true),
    health: {
      path,
      mounted: asked.health?.path !== undefined || asked.checks?.http !== undefined,
      port: asked.health?.port,
      details: asked.health?.details ?? false,
      components: planComponents(asked.health?.components ?? {}),
    },
    intervalMs: asked.heartbeat?.interval ?? Math.floor(ttlMs / defaults.beatsPerTtl),
    thread: asked.heartbeat?.thread ?? defaults.thread,
    stallToleranceMs: asked.heartbeat?.stallTolerance ?? ttlMs,
    ...stop,
    waitMs: asked.wait === false ? Infinity : (asked.wait ?? defaults.waitMs),
    required: asked.required ?? defaults.required,
  };
}

function planComponents(components: Components): ComponentPlan[] {
  return Object.entries(components).map(([name, { run, close, interval, timeout, failures, successes, onFail }]) => {
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

function decideStop({
  signals,
  policy,
  drain,
  timeout,
  crash,
}: Shutdown): Pick<Config, 'signals' | 'policy' | 'drain' | 'stopTimeoutMs' | 'crash'> {
  const stopTimeoutMs = timeout ?? defaults.stopTimeoutMs;
  const maxMs = drain?.max ?? Math.min(defaults.drainMaxMs, stopTimeoutMs * defaults.drainShareOfStop);
  return {
    signals: signals === false ? [] : (signals ?? defaults.signals),
    policy: policy ?? defaults.policy,
    drain: {
      minMs: drain?.min ?? Math.min(defaults.drainMinMs, maxMs),
      quietMs: drain?.quiet ?? defaults.drainQuiet,
      maxMs,
    },
    stopTimeoutMs,
    crash: crash ?? defaults.crash,
  };
}
