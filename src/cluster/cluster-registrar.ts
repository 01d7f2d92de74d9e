import { systemClock } from '../core/clock.js';
import { ServingWorkers, overallHealth } from './serving-workers.js';
import type { Answer, Request } from './messages.js';
import { WorkerChannels } from './worker-channels.js';
import { chooseRegistry } from '../backends/choose-registry.js';
import type { Config } from '../config/config.js';
import type { RegistrarOptions } from '../config/options.js';
import { resolveConfig } from '../config/resolve-config.js';
import { asError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { processSignals } from '../shutdown/signals.js';
import type { Registrar } from '../registrar.js';
import { GuardedRegistry } from '../registries/guarded-registry.js';
import type { RegistrarStatus } from '../status.js';
import type { EventName, Listener } from '../contracts/events.js';
import { lazyLogger } from '../telemetry/lazy-logger.js';

/** One worker, as the primary knows it. */
export interface WorkerStatus extends HealthReport {
  /** Of `cluster.workers`. */
  readonly id: number;
  readonly pid: number | undefined;
}

export interface ClusterStatus {
  /** Those that serve. */
  readonly workers: readonly WorkerStatus[];
  /** Undefined while no worker serves: nothing is registered then. */
  readonly instance: RegistrarStatus | undefined;
}

/** The component that stands for all workers, and the hook that waits for their end; `shutdown.timeout` is over that. */
const WORKERS = 'workers';
const LONGEST_WAIT = '1h';

/**
 * Keeps the workers of this primary, which share a port, in a registry as one instance: registered while any of them serves, as fit as the
 * fittest of them, deregistered before the last one stops. Each time between the first worker and the last is a life with a Registrar of its own.
 */
export class ClusterRegistrar {
  readonly #options: RegistrarOptions;
  readonly #make: (options: RegistrarOptions) => Registrar;
  readonly #config: Config;
  readonly #registry: GuardedRegistry;
  readonly #members: ServingWorkers;
  readonly #workers: WorkerChannels;
  readonly #attach = new Set<(registrar: Registrar) => void>();
  readonly #forceStop = new AbortController();
  readonly #endObedience: () => void;
  #registrar: Registrar | undefined;
  /** The end of the life before. */
  #leaving: Promise<void> = Promise.resolve();
  #stopping: Promise<boolean> | undefined;

  /** Checks the options and begins to listen to the workers. `make` makes the Registrar of each life. Throws `ConfigError` that names every problem. */
  constructor(options: RegistrarOptions, make: (options: RegistrarOptions) => Registrar) {
    this.#make = make;
    this.#config = resolveConfig(options);
    const registry = chooseRegistry(options);
    this.#options = { ...options, registry };
    // One user more than the lives, each of which closes what it has used.
    this.#registry = new GuardedRegistry(registry, systemClock, this.#config.intervalMs);
    this.#members = new ServingWorkers(systemClock, () => this.#assess());
    this.#workers = new WorkerChannels({
      service: this.#config.name,
      answer: (worker, request) => this.#answer(worker, request),
      onGone: (worker) => this.#lose(worker),
    });
    const logger = options.logger === false ? undefined : (options.logger ?? lazyLogger());
    const handler = {
      stop: (reason: string, interactive: boolean) => this.#end(reason, interactive),
      forceStop: () => this.#forceStop.abort(),
    };
    this.#endObedience = processSignals().subscribe(this.#config.signals, handler, (signal) => {
      logger?.warn(
        { service: this.#config.name },
        `${signal} has other listeners too: rollcall stops for it, ending the process is left to them`,
      );
    });
  }

  /** Of the instance as it is now; undefined while no worker serves. */
  get registrar(): Registrar | undefined {
    return this.#registrar;
  }

  /** Plain data, safe to print. */
  status(): ClusterStatus {
    const workers = this.#members.healths.map(({ worker, ...health }) => ({
      id: worker,
      pid: this.#workers.pidOf(worker),
      ...health,
    }));
    return { workers, instance: this.#registrar?.status() };
  }

  /** Calls `listener` at every `event` of the instance, in this life and in those that follow; the returned function ends that. */
  on<N extends EventName>(event: N, listener: Listener<N>): () => void {
    const offs: (() => void)[] = [];
    const attach = (registrar: Registrar) => offs.push(registrar.on(event, listener));
    this.#attach.add(attach);
    if (this.#registrar !== undefined) attach(this.#registrar);
    return () => {
      this.#attach.delete(attach);
      for (const off of offs) off();
    };
  }

  /** Leaves the registry, has every worker serve on until its traffic has gone, and waits for their end. Terminal and idempotent. */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#end(reason, false);
    this.#endObedience();
  }

  #end(reason: string, interactive: boolean): Promise<boolean> {
    this.#stopping ??= this.#stop(reason, interactive);
    return this.#stopping;
  }

  /** True when all went well. */
  async #stop(reason: string, interactive: boolean): Promise<boolean> {
    const registrar = this.#registrar;
    let clean = true;
    registrar?.on('stopped', ({ errors }) => (clean = errors.length === 0));
    this.#workers.stop();
    if (registrar === undefined || interactive) {
      await (registrar?.leave(reason) ?? this.#leaving);
      await this.#workersEnded();
    } else {
      await Promise.race([
        registrar.stop(reason),
        new Promise((resolve) => this.#forceStop.signal.addEventListener('abort', resolve)),
      ]);
    }
    this.#workers.close();
    await this.#registry.close();
    return clean && !this.#forceStop.signal.aborted;
  }

  /** Within `shutdown.timeout`; by force where it takes longer, or where somebody has run out of patience. */
  async #workersEnded(signal?: AbortSignal): Promise<void> {
    const late = new AbortController();
    const cancel = systemClock.after(this.#config.stopTimeoutMs, () => late.abort());
    await this.#workers.ended(
      AbortSignal.any([this.#forceStop.signal, late.signal, ...(signal === undefined ? [] : [signal])]),
    );
    cancel();
  }

  async #answer(worker: number, request: Request): Promise<Answer> {
    switch (request.verb) {
      case 'read': {
        const entry = this.#members.read(worker, request.key);
        return { outcome: 'done', ...(entry && { entry }) };
      }
      case 'register':
        return this.#admit(worker, request.instance, request.report);
      case 'renew':
        return { outcome: this.#members.renew(worker, request.key, request.report) ? 'done' : 'lost' };
      case 'remove':
        return { outcome: 'done', handedOver: await this.#release(worker) };
    }
  }

  #admit(worker: number, instance: ServiceInstance, report: HealthReport): Answer {
    // It has been told to stop.
    if (this.#stopping !== undefined) return { outcome: 'lost' };
    try {
      this.#registrar ??= this.#begin(instance);
    } catch (thrown) {
      return { outcome: 'refused', problem: asError(thrown).message };
    }
    const { port } = this.#members.first ?? instance;
    if (instance.port !== port)
      return {
        outcome: 'refused',
        problem: `it serves port ${String(instance.port)} and the others ${String(port)}, but workers of one service share a port`,
      };
    this.#members.register(worker, instance, report);
    return { outcome: 'done' };
  }

  #begin(instance: ServiceInstance): Registrar {
    const registrar = this.#make(asPrimary(this.#options, instance));
    registrar.onStop(
      'after drain',
      WORKERS,
      (signal) => (this.#registrar === registrar ? this.#workersEnded(signal) : undefined),
      { timeout: LONGEST_WAIT },
    );
    for (const attach of this.#attach) attach(registrar);
    void this.#leaving.then(() => registrar.start()).catch(() => undefined);
    return registrar;
  }

  /** Resolves when the worker may stop: to true when others serve on, to false when the instance is out of the registry. */
  async #release(worker: number): Promise<boolean> {
    this.#members.remove(worker);
    if (this.#stopping !== undefined) await this.#registrar?.leave();
    else if (this.#members.size > 0) return true;
    else await this.#endLife();
    return false;
  }

  #lose(worker: number): void {
    this.#members.remove(worker);
    if (this.#members.size === 0 && this.#stopping === undefined) void this.#endLife();
  }

  #endLife(): Promise<void> {
    const registrar = this.#registrar;
    if (registrar !== undefined) {
      this.#registrar = undefined;
      this.#leaving = registrar.leave('the last worker has left');
      void registrar.stop();
    }
    return this.#leaving;
  }

  #assess(): void {
    if (this.#members.size === 0) return;
    const { status, detail } = overallHealth(this.#members.healths);
    this.#registrar?.report(WORKERS, status, detail);
  }
}

/** The options of the workers, as far as they are about the instance and not about the single worker; where it is, a worker has found out. */
function asPrimary(
  { ready: _ready, config: _config, health: _health, wait: _wait, required: _required, ...options }: RegistrarOptions,
  instance: ServiceInstance,
): RegistrarOptions {
  const { id, address, port, tags, meta, weights, checks } = instance;
  const http = checks.find(({ kind }) => kind === 'http');
  return {
    ...options,
    id,
    tags,
    meta,
    ...(weights && { weights }),
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    ...(options.checks && {
      checks: {
        ...options.checks,
        ...(http?.kind === 'http' && { http: { path: http.url, interval: http.intervalMs, timeout: http.timeoutMs } }),
      },
    }),
    health: { components: { [WORKERS]: { onFail: 'critical' } } },
    shutdown: { ...options.shutdown, signals: false },
  };
}
