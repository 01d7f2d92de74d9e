import { onAbort } from '../core/abort.js';
import { systemClock } from '../core/clock.js';
import { ServingWorkers, overallHealth } from './serving-workers.js';
import type { Answer, Request } from './messages.js';
import { PrimaryLog } from './primary-log.js';
import { primaryOptions } from './primary-options.js';
import { WorkerChannels } from './worker-channels.js';
import { chooseRegistry } from '../backends/choose-registry.js';
import type { Config } from '../config/config.js';
import type { RegistrarOptions } from '../config/options.js';
import { resolveConfig } from '../config/resolve-config.js';
import { StoppedError, asError } from '../core/errors.js';
import type { Health, HealthReport } from '../contracts/health-report.js';
import type { RegistrarState } from '../contracts/registrar-state.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { processSignals } from '../shutdown/signals.js';
import type { Registrar } from '../registrar.js';
import { GuardedRegistry } from '../registries/guarded-registry.js';
import type { RegistrarStatus } from '../status.js';
import type { EventName, Listener } from '../contracts/events.js';
import { lazyLogger } from '../telemetry/lazy-logger.js';
import { safeLogger } from '../telemetry/safe-logger.js';

/** One worker as the primary sees it. */
export interface WorkerStatus extends HealthReport {
  /** The worker's key in `cluster.workers`. */
  readonly id: number;
  readonly pid: number | undefined;
}

export interface ClusterStatus {
  readonly state: RegistrarState;
  /** The workers that serve now. */
  readonly workers: readonly WorkerStatus[];
  /** Undefined while no worker serves, because nothing is registered then. */
  readonly instance: RegistrarStatus | undefined;
}

/** Names the component that stands for all workers and the stop hook that waits for their exit. */
const WORKERS = 'workers';
/** The hook's own timeout must never end the wait: `shutdown.timeout` does. */
const LONGEST_WAIT = '1h';

/**
 * Registers the workers of this primary, which share a port, as one instance: registered while any worker serves, as
 * healthy as the healthiest worker, and deregistered before the last one stops. Each period with at least one worker
 * has a Registrar of its own.
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
  readonly #removeSignalHandlers: () => void;
  readonly #log: PrimaryLog;
  #registrar: Registrar | undefined;
  /** Settles when the previous Registrar has left the registry. */
  #leaving: Promise<void> = Promise.resolve();
  #stopping: Promise<boolean> | undefined;
  #hasEnded = false;
  /** The latest `maintenance()`, for the Registrars that follow. */
  #maintain: (registrar: Registrar) => Promise<void> = () => Promise.resolve();

  /**
   * Checks the options and starts to listen to the workers. `make` constructs the Registrar of each period. Throws
   * one `ConfigError` that names every problem.
   */
  constructor(options: RegistrarOptions, make: (options: RegistrarOptions) => Registrar) {
    this.#make = make;
    this.#config = resolveConfig(options);
    const registry = chooseRegistry(options);
    this.#options = { ...options, registry };
    // One more user of the registry: each Registrar closes it, and it must outlive them all.
    this.#registry = new GuardedRegistry(registry, systemClock);
    this.#members = new ServingWorkers(systemClock, () => this.#assess());
    this.#workers = new WorkerChannels({
      service: this.#config.name,
      answer: (worker, request) => this.#answer(worker, request),
      onGone: (worker) => this.#lose(worker),
    });
    const logger = options.logger === false ? undefined : safeLogger(options.logger ?? lazyLogger());
    const handler = {
      stop: (reason: string, interactive: boolean) => this.#end(reason, interactive),
      forceStop: () => this.#forceStop.abort(),
    };
    const signals = processSignals();
    this.#removeSignalHandlers = signals.subscribe(this.#config.signals, handler);
    this.#log = new PrimaryLog({ config: this.#config, signals, logger });
    this.#log.serving(false);
  }

  /** The current Registrar; undefined while no worker serves. */
  get registrar(): Registrar | undefined {
    return this.#registrar;
  }

  /** Of the current Registrar; `waiting` while no worker serves. */
  get state(): RegistrarState {
    if (this.#hasEnded) return 'stopped';
    return this.#registrar?.state ?? (this.#stopping === undefined ? 'waiting' : 'draining');
  }

  /** What the registry holds for all workers; undefined while no worker serves. */
  get instance(): ServiceInstance | undefined {
    return this.#registrar?.instance;
  }

  /** What the next heartbeat reports, that of the healthiest worker; undefined while no worker serves. */
  get health(): Health | undefined {
    return this.#registrar?.health;
  }

  /**
   * Takes the instance of all workers out of traffic, or back into it, also across periods without a worker. Otherwise
   * as `Registrar.maintenance`.
   */
  async maintenance(on: boolean, reason?: string): Promise<void> {
    if (this.#stopping !== undefined)
      throw new StoppedError('maintenance() after stop(): the workers have left the registry');
    this.#maintain = (registrar) => registrar.maintenance(on, reason);
    if (this.#registrar !== undefined) await this.#maintain(this.#registrar);
  }

  /** A snapshot: plain data, safe to print. */
  status(): ClusterStatus {
    const workers = this.#members.healths.map(({ worker, ...health }) => ({
      id: worker,
      pid: this.#workers.pidOf(worker),
      ...health,
    }));
    return { state: this.state, workers, instance: this.#registrar?.status() };
  }

  /**
   * Calls `listener` at every `event` of this Registrar and of those that follow. The returned function removes the
   * listener.
   */
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

  /**
   * Deregisters, lets every worker serve on until its traffic has gone, and waits until all workers have exited.
   * Terminal and idempotent.
   */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#end(reason, false);
    this.#removeSignalHandlers();
  }

  #end(reason: string, interactive: boolean): Promise<boolean> {
    this.#stopping ??= this.#stop(reason, interactive);
    return this.#stopping;
  }

  /** Resolves to true when everything succeeded. */
  async #stop(reason: string, interactive: boolean): Promise<boolean> {
    this.#log.end();
    const registrar = this.#registrar;
    let clean = true;
    registrar?.on('stopped', ({ errors }) => (clean = errors.length === 0));
    this.#workers.stop();
    if (registrar === undefined || interactive) {
      await (registrar?.deregister(reason) ?? this.#leaving);
      await this.#workersEnded();
    } else {
      await Promise.race([
        registrar.stop(reason),
        new Promise<void>((resolve) => onAbort(this.#forceStop.signal, resolve)),
      ]);
    }
    this.#workers.close();
    await this.#registry.close();
    this.#hasEnded = true;
    return clean && !this.#forceStop.signal.aborted;
  }

  /** Resolves when all workers have exited. After `shutdown.timeout`, or at a second signal, it kills the rest. */
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
    // The worker has been told to stop.
    if (this.#stopping !== undefined) return { outcome: 'lost' };
    try {
      this.#registrar ??= this.#begin(instance);
    } catch (thrown) {
      return { outcome: 'refused', problem: asError(thrown).message };
    }
    const { port } = this.#members.first ?? instance;
    if (instance.port !== port) {
      const ports = `it serves port ${String(instance.port)} and the others ${String(port)}`;
      return { outcome: 'refused', problem: `${ports}, but workers of one service share a port` };
    }
    this.#members.register(worker, instance, report);
    return { outcome: 'done' };
  }

  #begin(instance: ServiceInstance): Registrar {
    const registrar = this.#make(primaryOptions(this.#options, instance, WORKERS));
    this.#log.serving(true);
    registrar.onStop(
      'after drain',
      WORKERS,
      (signal) => (this.#registrar === registrar ? this.#workersEnded(signal) : undefined),
      { timeout: LONGEST_WAIT },
    );
    for (const attach of this.#attach) attach(registrar);
    // Resolves at once, since nothing is registered yet.
    void this.#maintain(registrar);
    void this.#leaving.then(() => registrar.start()).catch(() => undefined);
    return registrar;
  }

  /**
   * Resolves when the worker may stop: to true when other workers serve on, to false once the instance is
   * deregistered.
   */
  async #release(worker: number): Promise<boolean> {
    this.#members.remove(worker);
    if (this.#stopping !== undefined) await this.#registrar?.deregister();
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
      if (this.#stopping === undefined) this.#log.serving(false);
      this.#leaving = registrar.deregister('the last worker has left');
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
