import type { Server } from 'node:net';
import { systemClock } from './clock.js';
import type { Clock } from './clock.js';
import { chooseRegistry } from './config/choose-registry.js';
import type { Config } from './config/config.js';
import type { RegistrarOptions } from './config/options.js';
import type { ConfigSource } from './config/source.js';
import { Labels } from './config/resolve-labels.js';
import { resolveConfig } from './config/resolve.js';
import { ConfigError, RegistryUnavailableError, StoppedError, asError, hasCode, isRegistrarError } from './errors.js';
import type { RegistrarError } from './errors.js';
import { healthEndpoint } from './health/endpoint.js';
import type { HealthEndpoint } from './health/endpoint.js';
import type { HealthReport } from './health/report.js';
import { Heartbeat } from './heartbeat/heartbeat.js';
import { processPolls } from './heartbeat/permits.js';
import type { Permits } from './heartbeat/permits.js';
import { nothingRemembered } from './heartbeat/recover.js';
import { beatDeadlineMs } from './heartbeat/schedule.js';
import { processSlots } from './heartbeat/slots.js';
import type { Slots } from './heartbeat/slots.js';
import { bootNonce } from './instance/boot-nonce.js';
import type { BuiltInstance } from './instance/build-instance.js';
import { localSystem } from './instance/local-system.js';
import type { LocalSystem } from './instance/local-system.js';
import type { ServiceInstance, Weights } from './instance/service-instance.js';
import { holdFirstTry } from './lifecycle/hold-first-try.js';
import { LiveConfig } from './lifecycle/live-config.js';
import { Machine } from './lifecycle/machine.js';
import { processSignals } from './lifecycle/signals.js';
import type { Signals } from './lifecycle/signals.js';
import { clearOlderIds } from './lifecycle/leftover.js';
import { obeySignals } from './lifecycle/obey-signals.js';
import { untilServing } from './lifecycle/start.js';
import type { RegistrarState } from './lifecycle/states.js';
import { Stop } from './lifecycle/stop.js';
import { BoundedRegistry } from './registry/bounded-registry.js';
import { bindServer } from './server/bound-server.js';
import type { BoundServer } from './server/bound-server.js';
import { withDeadline } from './resilience/deadline.js';
import { statusOf } from './status.js';
import type { RegistrarStatus } from './status.js';
import { Events } from './telemetry/events.js';
import type { EventName, Listener } from './telemetry/events.js';
import { lazyLogger } from './telemetry/lazy-logger.js';
import { logEvents } from './telemetry/log.js';

/** What a Registrar takes from the process around it; tests pass their own. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signals: Signals;
  readonly slots: Slots;
  readonly polls: Permits;
  readonly system: LocalSystem;
}

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
  readonly #nonce = bootNonce();
  readonly #source: ConfigSource | undefined;
  #labels: Labels;
  #told: Pick<BuiltInstance, 'notes' | 'addressCandidates'>;
  #server: BoundServer | undefined;
  #instance: ServiceInstance | undefined;
  #heartbeat: Heartbeat | undefined;
  #life: Promise<void> = Promise.resolve();
  #started: Promise<void> | undefined;

  /** Health paths of the bound server; undefined when none are mounted. */
  readonly endpoint: HealthEndpoint | undefined;

  /** Checks the options and touches nothing else. Throws `ConfigError` that names every problem. */
  constructor(options: RegistrarOptions, surroundings: Partial<Surroundings> = {}) {
    this.#source = options.config;
    this.#surroundings = { clock: systemClock, random: Math.random, signals: processSignals, slots: processSlots, polls: processPolls, system: localSystem, ...surroundings };
    this.#config = resolveConfig(options);
    this.#labels = new Labels(options);
    this.#told = { notes: this.#config.warnings, addressCandidates: [] };
    const { clock } = this.#surroundings;
    this.#registry = new BoundedRegistry(chooseRegistry(options), clock, beatDeadlineMs(this.#config.intervalMs));
    const logger = options.logger === false ? undefined : (options.logger ?? lazyLogger());
    this.#events = new Events((error, event) => logger?.error({ service: this.#config.name, err: error.message }, `a listener of '${event}' threw`));
    if (logger !== undefined) logEvents(this.#events, logger, { service: this.#config.name }, clock);
    this.#machine = new Machine(this.#events);
    const { healthPath } = this.#config;
    if (healthPath !== undefined) this.endpoint = healthEndpoint({ path: healthPath, facts: () => this.#healthFacts() });
    this.#stop = new Stop({
      config: this.#config,
      clock,
      events: this.#events,
      machine: this.#machine,
      registry: this.#registry,
      server: () => this.#server,
      heartbeat: () => this.#heartbeat,
      halt: async (reason) => {
        this.#halt.abort(reason);
        await this.#life;
      },
    });
  }

  /** `idle` until started; see the README for the life of an instance. */
  get state(): RegistrarState {
    return this.#machine.state;
  }

  /** What is, or will be, written in the registry; undefined until the server listens. */
  get instance(): ServiceInstance | undefined {
    return this.#heartbeat?.instance ?? this.#instance;
  }

  /** What the next heartbeat says. */
  get health(): HealthReport {
    return this.#heartbeat === undefined ? { status: 'critical', reason: 'not ready yet' } : { status: 'passing', reason: 'ok' };
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
   * Starts and waits as `wait` and `required` say: resolves when registered or when `wait` is over, counted from
   * 'listening'; at once when the server does not listen yet. Rejects with `ConfigError` and, where `required`, with what
   * kept it from being registered; it is out of the registry for good then, and the server is left alone.
   */
  async settled(): Promise<void> {
    const { waitMs, required } = this.#config;
    const { clock } = this.#surroundings;
    const started = this.start();
    if (this.#server?.isListening === false && !required) return;
    try {
      await withDeadline(clock, waitMs, { operation: `registering ${this.#config.name} (see \`wait\`)` }, undefined, () => started);
    } catch (error) {
      if (!required && !hasCode(error, 'ROLLCALL_CONFIG')) return;
      // Whoever gets this error is not kept waiting for a registry that does not answer; leaving goes on beside it.
      if (this.state !== 'failed') await withDeadline(clock, LEAVE_WITHIN_MS, { operation: 'leave' }, undefined, () => this.leave('not registered in time, and `required` is set')).catch(() => undefined);
      throw error;
    }
  }

  /** Out of the registry, serve on until the traffic has gone, close the server, let go. Terminal and idempotent. Resolves when all is done; errors are told by the 'stopped' event. */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#stop.stop(reason);
  }

  /** Out of the registry for good, serving on: the first half of `stop()`. Resolves when the registry has let go. */
  async leave(reason = 'leave() was called'): Promise<void> {
    await this.#stop.leave(reason);
  }

  /** Replaces tags, meta or weights. Resolves when the registry has them, or at once while nothing is registered yet. Throws `ConfigError` for bad values; rejects when the registry refuses them, and the old ones stay. */
  async update(changes: InstanceChanges): Promise<void> {
    if (this.#halt.signal.aborted) throw new StoppedError('update() after stop(): the Registrar has left the registry');
    await this.#relabel(this.#labels.changed(changes));
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
      registry: this.#registry.name,
      health: this.health,
      heartbeat: this.#heartbeat,
      traffic: this.#server?.traffic,
      ...this.#told,
    });
  }

  async #relabel(labels: Labels): Promise<void> {
    const former = this.#labels;
    this.#labels = labels;
    if (this.#instance !== undefined) this.#instance = labels.on(this.#instance);
    const heartbeat = this.#heartbeat;
    try {
      await heartbeat?.change(labels.on(heartbeat.instance));
    } catch (error) {
      // The registry keeps what it had; the next change must not bring the refused one back.
      if (this.#labels === labels && hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) this.#labels = former;
      throw error;
    }
  }

  #healthFacts(): { ready: boolean; draining: boolean } {
    return { ready: this.#heartbeat !== undefined, draining: this.#halt.signal.aborted };
  }

  #start(): Promise<void> {
    if (!this.#machine.tell('start')) return Promise.reject(new StoppedError('start() after stop(): a stopped Registrar does not start again, make a new one'));
    for (const message of this.#config.warnings) this.#events.emit('warning', { message });
    obeySignals({ signals: this.#surroundings.signals, wanted: this.#config.signals, stop: this.#stop, events: this.#events });
    if (this.#server === undefined) holdFirstTry(this.#events, this.#surroundings.clock, this.#config.waitMs);
    const slot = this.#surroundings.slots.take();
    this.#events.on('stopped', slot.release);
    return new Promise((resolve, reject) => {
      this.#events.on('registered', () => {
        resolve();
      });
      this.#life = this.#live(slot.phase).catch((thrown: unknown) => {
        reject(asError(thrown));
      });
    });
  }

  async #live(phase: number): Promise<void> {
    const { clock, random, polls, system } = this.#surroundings;
    const { signal } = this.#halt;
    const config = this.#config;
    const events = this.#events;
    const machine = this.#machine;
    const registry = this.#registry;
    const apply = async (values: unknown) => this.#relabel(this.#labels.overlaid(values));
    const live = this.#source && new LiveConfig({ source: this.#source, clock, random, events, apply });
    const labelled = live?.start(signal);
    try {
      const onWarning = (message: string) => {
        events.emit('warning', { message });
      };
      const onIdentity = ({ instance, notes, addressCandidates }: BuiltInstance) => {
        this.#instance = this.#labels.on(instance);
        this.#told = { notes: [...config.warnings, ...notes], addressCandidates };
        events.emit('address', { address: instance.address, port: instance.port, candidates: addressCandidates });
      };
      const remembered = nothingRemembered();
      const built = await untilServing({ config, remembered, clock, random, registry, server: this.#server, nonce: this.#nonce, system, onIdentity, onWarning }, signal);
      await labelled;
      signal.throwIfAborted();
      const { intervalMs, recover, drift, onIdConflict } = config;
      const plan = { registry, clock, random, polls, remembered, events, machine, report: () => this.health, intervalMs, recover, drift, onIdConflict, phase };
      this.#heartbeat = new Heartbeat(plan, this.#instance ?? built);
      events.emit('health', this.health);
      events.on('registered', ({ instance }) => {
        clearOlderIds(registry, instance, signal).catch(() => undefined);
      });
      await this.#heartbeat.run(signal);
    } catch (thrown) {
      if (!signal.aborted) this.#fail(asError(thrown));
      throw thrown;
    } finally {
      await live?.end();
    }
  }

  #fail(thrown: Error): void {
    const error: RegistrarError = isRegistrarError(thrown) ? thrown : new RegistryUnavailableError(`unexpected: ${thrown.message}`, { cause: thrown });
    if (this.#machine.tell('fail')) this.#events.emit('failed', { error });
  }
}
