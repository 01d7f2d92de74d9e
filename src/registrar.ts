import type { Server } from 'node:net';
import { amongWorkers } from './cluster/among-workers.js';
import { isClusterWorker } from './cluster/channel.js';
import { chooseRegistry } from './config/choose-registry.js';
import type { Config } from './config/config.js';
import { readServiceEnv } from './config/env.js';
import type { RegistrarOptions } from './config/options.js';
import { Labels } from './config/resolve-labels.js';
import { resolveConfig } from './config/resolve.js';
import { ConfigError, StoppedError, asError, isCallersMistake } from './errors.js';
import { healthEndpoint } from './health/endpoint.js';
import type { HealthEndpoint, HealthFacts } from './health/endpoint.js';
import type { ComponentStatus, Health } from './health/report.js';
import { Vitals } from './health/vitals.js';
import { beatDeadlineMs } from './heartbeat/schedule.js';
import type { ServiceInstance, Weights } from './instance/service-instance.js';
import { Life } from './life.js';
import { holdFirstTry } from './lifecycle/hold-first-try.js';
import { Hooks } from './lifecycle/hooks.js';
import type { HookOptions, HookPoint, StopHook } from './lifecycle/hooks.js';
import { Machine } from './lifecycle/machine.js';
import { Maintenance } from './lifecycle/maintenance.js';
import { obeySignals } from './lifecycle/obey-signals.js';
import { isRunning } from './lifecycle/signals.js';
import type { RegistrarState } from './lifecycle/states.js';
import { Stop } from './lifecycle/stop.js';
import { thisProcess } from './lifecycle/surroundings.js';
import type { Surroundings } from './lifecycle/surroundings.js';
import { BoundedRegistry } from './registry/bounded-registry.js';
import { bindServer } from './server/bound-server.js';
import type { BoundServer } from './server/bound-server.js';
import type { HealthServer } from './server/health-server.js';
import { withDeadline } from './resilience/deadline.js';
import { statusOf } from './status.js';
import type { RegistrarStatus } from './status.js';
import { Events } from './telemetry/events.js';
import type { EventName, Listener } from './telemetry/events.js';
import { lazyLogger } from './telemetry/lazy-logger.js';
import { logEvents } from './telemetry/log.js';

/** What can change while running; what is left out stays. */
export interface InstanceChanges {
  tags?: readonly string[];
  meta?: Readonly<Record<string, string>>;
  weights?: Weights;
}

/** How long a start that failed under `required` waits to see itself out of the registry. */
const LEAVE_WITHIN_MS = 1_000;

/** Keeps one instance of a service in a registry exactly while it can serve. */
export class Registrar {
  readonly #surroundings: Surroundings;
  readonly #config: Config;
  readonly #registry: BoundedRegistry;
  readonly #events: Events;
  readonly #machine: Machine;
  readonly #stop: Stop;
  readonly #halt = new AbortController();
  readonly #vitals: Vitals;
  readonly #life: Life;
  readonly #maintenance: Maintenance;
  readonly #hooks: Hooks;
  readonly #endpoint: HealthEndpoint;
  #server: BoundServer | undefined;
  #healthServer: Promise<HealthServer | undefined> | undefined;
  #living: Promise<void> = Promise.resolve();
  #started: Promise<void> | undefined;

  /** Health paths of the bound server; undefined when none are mounted. */
  readonly endpoint: HealthEndpoint | undefined;

  /** Checks the options and touches nothing else. Throws `ConfigError` that names every problem. */
  constructor(options: RegistrarOptions, surroundings: Partial<Surroundings> = {}) {
    this.#surroundings = { ...thisProcess(), ...surroundings };
    // Read once: what the environment becomes later concerns the next start.
    const env = readServiceEnv();
    this.#config = resolveConfig(options, env);
    const { clock, signals } = this.#surroundings;
    const { name, ttlMs } = this.#config;
    const registry = amongWorkers(chooseRegistry(options, env), { clock, service: name, ttlMs, isRunning, onStop: () => void signals.endAsAsked('the primary of the cluster stops') });
    this.#registry = new BoundedRegistry(registry, clock, beatDeadlineMs(this.#config.intervalMs));
    const logger = options.logger === false ? undefined : (options.logger ?? lazyLogger());
    this.#events = new Events((error, event) => logger?.error({ service: this.#config.name, err: error.message }, `a listener of '${event}' threw`));
    if (logger !== undefined) logEvents(this.#events, logger, { service: this.#config.name }, clock);
    this.#machine = new Machine(this.#events);
    this.#maintenance = new Maintenance(this.#events);
    this.#hooks = new Hooks(clock);
    const { path, mounted, details, components } = this.#config.health;
    this.#endpoint = healthEndpoint({ path, details, facts: () => this.#healthFacts() });
    if (mounted) this.endpoint = this.#endpoint;
    this.#vitals = new Vitals({
      components,
      clock,
      onComponent: (component) => {
        this.#events.emit('component', component);
      },
      onChange: () => {
        this.#life.healthChanged();
      },
    });
    this.#life = new Life({
      config: this.#config,
      surroundings: this.#surroundings,
      registry: this.#registry,
      events: this.#events,
      machine: this.#machine,
      labels: Labels.of(options, env),
      source: options.config,
      server: () => this.#server,
      vitals: this.#vitals,
      maintenance: this.#maintenance,
    });
    this.#stop = new Stop({
      config: this.#config,
      clock,
      events: this.#events,
      machine: this.#machine,
      hooks: this.#hooks,
      registry: this.#registry,
      server: () => this.#server,
      heartbeat: () => this.#life.heartbeat,
      closeHealthServer: async () => (await this.#healthServer)?.close(),
      halt: async (reason) => {
        this.#halt.abort(reason);
        await this.#living;
      },
    });
  }

  /** `idle` until started; see the README for the life of an instance. */
  get state(): RegistrarState {
    return this.#machine.state;
  }

  /** What is, or will be, written in the registry; undefined until the server listens. */
  get instance(): ServiceInstance | undefined {
    return this.#life.instance;
  }

  /** What the next heartbeat says, and what it is made of. */
  get health(): Health {
    return this.#life.health;
  }

  /** Ties the Registrar to the host's server: its port, its traffic, its end. Call it before `start()`. `how.close` closes the server in place of its own `close`. */
  bind(server: Server, how: { close?: () => Promise<void> } = {}): this {
    if (this.state !== 'idle' || this.#server !== undefined) {
      throw new ConfigError([{ field: 'bind', value: this.state, allowed: 'call bind() once, before start()' }]);
    }
    this.#server = bindServer(server, { clock: this.#surroundings.clock, ...(this.endpoint && { endpoint: this.endpoint }), ...how });
    this.#server.onClosed(() => {
      void this.stop('the server was closed');
    });
    return this;
  }

  /** Another listener of the same service, e.g. on a second address: counted, drained and closed with the one given to `bind()`, which comes first. */
  bindAlso(server: Server): this {
    if (this.#server === undefined) throw new ConfigError([{ field: 'bindAlso', value: this.state, allowed: 'call bind() first' }]);
    this.#server.also(server);
    return this;
  }

  /** Starts, or joins a start under way. Resolves at the first registration; rejects when that cannot come: failed for good, or stopped before. Without a server it keeps the process alive for its first try, for `wait` at most. */
  start(): Promise<void> {
    if (this.#started === undefined) {
      this.#started = this.#start();
      // A caller that does not wait must not be ended by a rejection that the 'failed' event and the log tell as well.
      this.#started.catch(() => undefined);
    }
    return this.#started;
  }

  /**
   * Starts and waits as `wait` and `required` say: resolves when registered or when `wait` is over, counted from 'listening'; in a
   * moment when the server does not listen yet. Rejects with what is the caller's mistake (`ConfigError`, `AddressNotFoundError`, and
   * `IdConflictError` under `onIdConflict: 'fail'`) and, where `required`, with what kept it from being registered; it is out of the
   * registry for good then, and the server is left alone.
   */
  async settled(): Promise<void> {
    const { waitMs, required } = this.#config;
    const { clock } = this.#surroundings;
    const started = this.start();
    const isListening = (await this.#server?.listensSoon(isClusterWorker())) ?? true;
    if (!isListening && !required) return;
    try {
      await withDeadline(clock, waitMs, { operation: `registering ${this.#config.name} (see \`wait\`)` }, undefined, () => started);
    } catch (error) {
      if (!required && !isCallersMistake(error)) return;
      // Whoever gets this error is not kept waiting for a registry that does not answer; leaving goes on beside it.
      if (this.state !== 'failed') await withDeadline(clock, LEAVE_WITHIN_MS, { operation: 'leave' }, undefined, () => this.leave('not registered in time, and `required` is set')).catch(() => undefined);
      throw error;
    }
  }

  /** Out of the registry, serve on until the traffic has gone, close the server, let go. Terminal and idempotent. Resolves when all is done; errors are told by the 'stopped' event. */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#stop.stop(reason);
  }

  /** Out of the registry for good, or out of traffic in it as `shutdown.policy` says, serving on: the first half of `stop()`. Resolves when the registry shows it. */
  async leave(reason = 'leave() was called'): Promise<void> {
    await this.#stop.leave(reason);
  }

  /** Replaces tags, meta or weights. Resolves when the registry has them, or at once while nothing is registered yet. Throws `ConfigError` for bad values; rejects when the registry refuses them, and the old ones stay. */
  async update(changes: InstanceChanges): Promise<void> {
    if (this.#halt.signal.aborted) throw new StoppedError('update() after stop(): the Registrar has left the registry');
    await this.#life.relabel((labels) => labels.changed(changes));
  }

  /**
   * Takes the instance out of traffic, or back into it, while it goes on running; kept over a loss, over by the next start. Resolves when the registry shows it, or at
   * once while nothing is registered yet. An operator's maintenance is neither replaced nor lifted. `reason` is for people, at most 200 characters.
   */
  async maintenance(on: boolean, reason = 'for a while'): Promise<void> {
    if (this.#halt.signal.aborted) throw new StoppedError('maintenance() after stop(): the Registrar has left the registry');
    this.#maintenance.want(on ? reason : undefined);
    if (this.#life.heartbeat === undefined) return;
    this.#life.healthChanged();
    await this.#maintenance.shown(this.#halt.signal);
  }

  /**
   * Has `hook` run at a point of the stop: `before deregister`, while still listed; `after drain`, when the traffic has gone; `after close`, when the server is
   * closed. What was added last runs first, one after another. One that throws, or takes longer than its timeout, is told by its name in the 'stopped' event, and
   * the stop goes on. The returned function takes it off. Throws `ConfigError`, and `StoppedError` once a stop has begun.
   */
  onStop(point: HookPoint, name: string, hook: StopHook, options?: HookOptions): () => void {
    if (this.#stop.hasBegun) throw new StoppedError('onStop() after stop(): the way down has begun');
    return this.#hooks.add(point, name, hook, options);
  }

  /**
   * Tells how a component does, from where the service sees it itself. One that the options name counts it as one of its runs; any other
   * is taken as it stands: 'critical' takes the instance out of traffic until it is reported otherwise. `detail` is for the `component` event
   * and stays in this process. Throws `ConfigError` for a name or a status that cannot be.
   */
  report(component: string, status: ComponentStatus, detail?: string): void {
    this.#vitals.report(component, status, detail);
  }

  /**
   * Calls `fn` and settles as it does, unless the component is failing: then it rejects at once with `CircuitOpenError`, until a run of the
   * component succeeds. Five calls in a row that fail make it failing too. Rejects with `ConfigError` for a component without `onFail: 'break'`.
   */
  guard<T>(component: string, fn: () => T | Promise<T>): Promise<T> {
    return this.#vitals.guard(component, fn);
  }

  /** Calls `listener` at every `event`; the returned function ends that. */
  on<N extends EventName>(event: N, listener: Listener<N>): () => void {
    return this.#events.on(event, listener);
  }

  /** One plain object that tells how things are; safe to print. */
  status(): RegistrarStatus {
    return statusOf({
      clock: this.#surroundings.clock,
      state: this.state,
      name: this.#config.name,
      instance: this.instance,
      registry: this.#registry,
      health: this.health,
      heartbeat: this.#life.heartbeat,
      traffic: this.#server?.traffic,
      waitingFor: this.#stop.waitingFor,
      failure: this.#life.failure,
      ...this.#life.told,
    });
  }

  #healthFacts(): HealthFacts {
    return { ready: this.#life.heartbeat !== undefined, draining: this.#halt.signal.aborted, health: this.#vitals.health };
  }

  #start(): Promise<void> {
    if (!this.#machine.tell('start')) return Promise.reject(new StoppedError('start() after stop(): a stopped Registrar does not start again, make a new one'));
    for (const message of [...this.#config.warnings, ...this.#registry.warnings]) this.#events.emit('warning', { message });
    obeySignals({ signals: this.#surroundings.signals, wanted: this.#config.signals, stop: this.#stop, events: this.#events });
    this.#lookAround();
    if (this.#server === undefined) holdFirstTry(this.#events, this.#surroundings.clock, this.#config.waitMs);
    const slot = this.#surroundings.slots.take();
    this.#events.on('stopped', slot.release);
    return new Promise((resolve, reject) => {
      // Whoever asks on the port of its own is answered by then.
      this.#events.on('registered', () => (this.#healthServer === undefined ? resolve() : void this.#healthServer.then(() => resolve())));
      this.#living = this.#life.run(slot.phase, this.#halt.signal).catch((thrown: unknown) => {
        reject(asError(thrown));
      });
    });
  }

  /** What few services need, or none before it is up, is not part of every import. What cannot be loaded is missed by nobody but itself. */
  #lookAround(): void {
    const { crash, signals, thread, health } = this.#config;
    const events = this.#events;
    const missed = () => undefined;
    if (signals.includes('SIGTERM')) import('./lifecycle/signal-path.js').then(({ warnOfLostSignals }) => warnOfLostSignals(this.#surroundings.system, events)).catch(missed);
    if (crash) import('./lifecycle/last-try.js').then(({ prepareLastTry }) => prepareLastTry({ ...this.#surroundings, thread, registry: this.#registry, heartbeat: () => this.#life.heartbeat, events })).catch(missed);
    const { port } = health;
    const onProblem = (message: string) => events.emit('warning', { message });
    if (port !== undefined) this.#healthServer = import('./server/health-server.js').then(({ openHealthServer }) => openHealthServer({ endpoint: this.#endpoint, port, onProblem }), missed);
  }
}
