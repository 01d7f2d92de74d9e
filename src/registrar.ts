import type { Server } from 'node:net';
import { isClusterWorker } from './cluster/channel.js';
import { compose } from './compose.js';
import type { RegistrarParts } from './compose.js';
import type { RegistrarOptions } from './config/options.js';
import type { EventName, Listener } from './contracts/events.js';
import type { ComponentStatus, Health } from './contracts/health-report.js';
import type { RegistrarState } from './contracts/registrar-state.js';
import type { ServiceInstance, Weights } from './contracts/service-instance.js';
import { withDeadline } from './core/deadline.js';
import { ConfigError, StoppedError, asError, hasCode, isCallersMistake } from './core/errors.js';
import type { HealthEndpoint } from './health/endpoint.js';
import { holdFirstTry } from './lifecycle/hold-first-try.js';
import { loadOptionalParts } from './optional-parts.js';
import { bindServer } from './server/bound-server.js';
import type { HookOptions, HookPoint, StopHook } from './shutdown/hooks.js';
import { installSignalHandlers } from './shutdown/install-signal-handlers.js';
import { statusOf } from './status.js';
import type { RegistrarStatus } from './status.js';

/** What can change while the instance runs; a field that is left out stays as it is. */
export interface InstanceChanges {
  tags?: readonly string[];
  meta?: Readonly<Record<string, string>>;
  weights?: Weights;
}

/** How long a start that failed under `required` waits until the registry shows that the instance is out. */
const LEAVE_WITHIN_MS = 1_000;

/** Keeps one instance of a service in a registry exactly while it can serve. */
export class Registrar {
  readonly #parts: RegistrarParts;
  #started: Promise<void> | undefined;

  /** Health paths of the bound server; undefined when none are mounted. */
  readonly endpoint: HealthEndpoint | undefined;

  /** Checks the options and touches nothing else. Throws one `ConfigError` that names every problem. */
  constructor(options: RegistrarOptions) {
    this.#parts = compose(options);
    if (this.#parts.config.health.mounted) this.endpoint = this.#parts.healthEndpoint;
  }

  /** `idle` until started; the README draws the life of an instance. */
  get state(): RegistrarState {
    return this.#parts.machine.state;
  }

  /** What the registry holds, or will hold; undefined until the server listens. */
  get instance(): ServiceInstance | undefined {
    return this.#parts.lifecycle.instance;
  }

  /** What the next heartbeat reports, with the components behind it. */
  get health(): Health {
    return this.#parts.lifecycle.health;
  }

  /**
   * Ties the Registrar to the host's server: its port, its traffic and its close. Call it once, before `start()`.
   * `how.close` closes the server in place of its own `close`. Throws `ConfigError` when called late or twice.
   */
  bind(server: Server, how: { close?: () => Promise<void> } = {}): this {
    if (this.state !== 'idle' || this.#parts.attachments.server !== undefined) {
      throw new ConfigError([{ field: 'bind', value: this.state, allowed: 'call bind() once, before start()' }]);
    }
    this.#parts.attachments.server = bindServer(server, {
      clock: this.#parts.context.clock,
      endpoints: this.#parts.endpoints,
      hold: this.#parts.closeHold,
      ...how,
    });
    this.#parts.attachments.server.onClosed(() => {
      void this.stop('the server was closed');
    });
    return this;
  }

  /**
   * Adds another listener of the same service, e.g. on a second address: it is counted, drained and closed together
   * with the server given to `bind()`. Throws `ConfigError` before `bind()`.
   */
  bindAlso(server: Server): this {
    if (this.#parts.attachments.server === undefined)
      throw new ConfigError([{ field: 'bindAlso', value: this.state, allowed: 'call bind() first' }]);
    this.#parts.attachments.server.also(server);
    return this;
  }

  /**
   * Starts, or joins a start under way. Resolves at the first registration; rejects when that cannot come, because
   * the start failed for good or the Registrar was stopped first. Without a server it keeps the process alive during
   * its first try, for `wait` at most.
   */
  start(): Promise<void> {
    if (this.#started === undefined) {
      this.#started = this.#start();
      // A caller that does not await must not crash: the 'failed' event and the log report the rejection as well.
      this.#started.catch(() => undefined);
    }
    return this.#started;
  }

  /**
   * Starts and waits as `wait` and `required` say. Resolves when registered, or `wait` after 'listening' at the
   * latest; at once when the server is not about to listen. Rejects for the caller's mistakes: `ConfigError`,
   * `AddressNotFoundError`, and `IdConflictError` under `onIdConflict: 'fail'`. Where `required`, it also rejects
   * with the reason why the instance is not registered in time; the Registrar then leaves the registry for good and
   * does not touch the server.
   */
  async settled(): Promise<void> {
    const { waitMs, required } = this.#parts.config;
    const { clock } = this.#parts.context;
    const started = this.start();
    const isListening = (await this.#parts.attachments.server?.listensSoon(isClusterWorker())) ?? true;
    if (!isListening && !required) return;
    try {
      await withDeadline(
        clock,
        waitMs,
        { operation: `registering ${this.#parts.config.name} (see \`wait\`)` },
        undefined,
        () => started,
      );
    } catch (error) {
      if (!required && !isCallersMistake(error)) return;
      // Read before leaving, which ends the wait.
      const cause = hasCode(error, 'ROLLCALL_TIMEOUT') ? this.#parts.lifecycle.unlisted.problem : undefined;
      // The caller gets the error soon even if the registry does not answer; leaving goes on in the background.
      if (this.state !== 'failed')
        await withDeadline(clock, LEAVE_WITHIN_MS, { operation: 'leave' }, undefined, () =>
          this.deregister('not registered in time, and `required` is set'),
        ).catch(() => undefined);
      throw cause ?? error;
    }
  }

  /**
   * Deregisters, serves on until the traffic has gone, closes the server and frees all connections. Terminal and
   * idempotent. Resolves when all is done and never rejects: the 'stopped' event carries the errors.
   */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#parts.shutdown.stop(reason);
  }

  /**
   * Takes the instance out of the registry for good, or out of traffic as `shutdown.policy` says, and serves on.
   * Resolves when the registry shows it. Callers that still know the instance may send requests: see `leave()`.
   */
  async deregister(reason = 'deregister() was called'): Promise<void> {
    await this.#parts.shutdown.deregister(reason);
  }

  /**
   * The first half of `stop()`: deregisters for good and serves on until the traffic has gone, without closing the
   * server. Resolves when the server may be closed by other code, e.g. by a terminator; `stop()` goes on from there.
   * Idempotent; never rejects.
   */
  async leave(reason = 'leave() was called'): Promise<void> {
    await this.#parts.shutdown.leave(reason);
  }

  /**
   * Replaces tags, meta or weights. Resolves when the registry holds them, or at once while nothing is registered yet.
   * Rejects with `ConfigError` for bad values and with `RegistryRejectedError` when the registry refuses them; the old
   * values then stay. Rejects with `StoppedError` once a stop has begun.
   */
  async update(changes: InstanceChanges): Promise<void> {
    if (this.#parts.halt.signal.aborted)
      throw new StoppedError('update() after stop(): the Registrar has left the registry');
    await this.#parts.lifecycle.relabel((labels) => labels.changed(changes));
  }

  /**
   * Takes the instance out of traffic, or back into it, while the process goes on. Maintenance survives a loss of the
   * registration and ends with the next start. Resolves when the registry shows it, or at once while nothing is
   * registered yet; rejects with `StoppedError` once a stop has begun. It neither replaces nor lifts an operator's
   * maintenance. `reason` is for people, at most 200 characters.
   */
  async maintenance(on: boolean, reason = 'for a while'): Promise<void> {
    if (this.#parts.halt.signal.aborted)
      throw new StoppedError('maintenance() after stop(): the Registrar has left the registry');
    this.#parts.maintenance.want(on ? reason : undefined);
    if (this.#parts.lifecycle.heartbeat === undefined) return;
    this.#parts.lifecycle.healthChanged();
    await this.#parts.maintenance.shown(this.#parts.halt.signal);
  }

  /**
   * Runs `hook` at a point of the stop: `before deregister`, while still listed; `after drain`, when the traffic has
   * gone; `after close`, when the server is closed. Hooks run one after another, the last one added first. When one
   * throws or exceeds its timeout, the stop goes on and the 'stopped' event names the hook. The returned function
   * removes the hook. Throws `ConfigError` for bad arguments, and `StoppedError` once a stop has begun.
   */
  onStop(point: HookPoint, name: string, hook: StopHook, options?: HookOptions): () => void {
    if (this.#parts.shutdown.hasBegun)
      throw new StoppedError('onStop() after stop(): the stop has begun, so the hook would not run');
    return this.#parts.hooks.add(point, name, hook, options);
  }

  /**
   * Reports the health of a component that the service observes itself. For a component of the options it counts as one
   * run. For any other name it holds until the next report: 'critical' takes the instance out of traffic. `detail` goes
   * into the `component` event and never leaves this process. Throws `ConfigError` for a bad name or status.
   */
  report(component: string, status: ComponentStatus, detail?: string): void {
    this.#parts.healthMonitor.report(component, status, detail);
  }

  /**
   * Calls `fn` through the component's circuit breaker and settles as `fn` does. While the circuit is open it rejects
   * at once with `CircuitOpenError`, until a run of the component succeeds. Five failed calls in a row open the circuit
   * too; `countsAsFailure` of the component says which errors count. Rejects with `ConfigError` for a component
   * without `onFail: 'break'`.
   */
  guard<T>(component: string, fn: () => T | Promise<T>): Promise<T> {
    return this.#parts.healthMonitor.guard(component, fn);
  }

  /** Calls `listener` at every `event`. The returned function removes the listener. */
  on<N extends EventName>(event: N, listener: Listener<N>): () => void {
    return this.#parts.events.on(event, listener);
  }

  /** A snapshot of everything worth showing: one plain object, safe to print. */
  status(): RegistrarStatus {
    return statusOf({
      clock: this.#parts.context.clock,
      state: this.state,
      name: this.#parts.config.name,
      instance: this.instance,
      registry: this.#parts.registry,
      health: this.health,
      heartbeat: this.#parts.lifecycle.heartbeat,
      traffic: this.#parts.attachments.server?.traffic,
      waitingFor: this.#parts.shutdown.waitingFor ?? this.#parts.lifecycle.unlisted.waitingFor,
      problem: this.#parts.lifecycle.failure ?? this.#parts.lifecycle.unlisted.problem,
      ...this.#parts.lifecycle.placement,
    });
  }

  #start(): Promise<void> {
    const { machine, config, registry, events, context, shutdown, lifecycle, attachments, halt } = this.#parts;
    if (!machine.transition('start')) {
      const message = 'start() after stop(): a stopped Registrar does not start again, make a new one';
      return Promise.reject(new StoppedError(message));
    }
    for (const message of [...config.warnings, ...registry.warnings]) events.emit('warning', { message });
    installSignalHandlers({
      signals: context.signals,
      wanted: config.signals,
      isSharingKnown: config.shared,
      clock: context.clock,
      stop: shutdown,
      events,
    });
    loadOptionalParts(this.#parts);
    if (attachments.server === undefined) holdFirstTry(events, context.clock, config.waitMs);
    const slot = context.slots.take();
    events.on('stopped', slot.release);
    return new Promise((resolve, reject) => {
      events.on('registered', () => {
        // By then the health port, where there is one, answers as well.
        const { healthServer = Promise.resolve() } = attachments;
        void healthServer.then(() => resolve());
      });
      attachments.running = lifecycle.run(slot.phase, halt.signal).catch((thrown: unknown) => {
        reject(asError(thrown));
      });
    });
  }
}
