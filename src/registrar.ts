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
import { ConfigError, StoppedError, asError, isCallersMistake } from './core/errors.js';
import type { HealthEndpoint } from './health/endpoint.js';
import { holdFirstTry } from './lifecycle/hold-first-try.js';
import { loadOptionalParts } from './optional-parts.js';
import { bindServer } from './server/bound-server.js';
import type { HookOptions, HookPoint, StopHook } from './shutdown/hooks.js';
import { installSignalHandlers } from './shutdown/install-signal-handlers.js';
import { statusOf } from './status.js';
import type { RegistrarStatus } from './status.js';

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
  readonly #parts: RegistrarParts;
  #started: Promise<void> | undefined;

  /** Health paths of the bound server; undefined when none are mounted. */
  readonly endpoint: HealthEndpoint | undefined;

  /** Checks the options and touches nothing else. Throws `ConfigError` that names every problem. */
  constructor(options: RegistrarOptions) {
    this.#parts = compose(options);
    if (this.#parts.config.health.mounted) this.endpoint = this.#parts.endpoint;
  }

  /** `idle` until started; see the README for the life of an instance. */
  get state(): RegistrarState {
    return this.#parts.machine.state;
  }

  /** What is, or will be, written in the registry; undefined until the server listens. */
  get instance(): ServiceInstance | undefined {
    return this.#parts.lifecycle.instance;
  }

  /** What the next heartbeat says, and what it is made of. */
  get health(): Health {
    return this.#parts.lifecycle.health;
  }

  /** Ties the Registrar to the host's server: its port, its traffic, its end. Call it before `start()`. `how.close` closes the server in place of its own `close`. */
  bind(server: Server, how: { close?: () => Promise<void> } = {}): this {
    if (this.state !== 'idle' || this.#parts.attachments.server !== undefined) {
      throw new ConfigError([{ field: 'bind', value: this.state, allowed: 'call bind() once, before start()' }]);
    }
    this.#parts.attachments.server = bindServer(server, {
      clock: this.#parts.context.clock,
      ...(this.endpoint && { endpoint: this.endpoint }),
      ...how,
    });
    this.#parts.attachments.server.onClosed(() => {
      void this.stop('the server was closed');
    });
    return this;
  }

  /** Another listener of the same service, e.g. on a second address: counted, drained and closed with the one given to `bind()`, which comes first. */
  bindAlso(server: Server): this {
    if (this.#parts.attachments.server === undefined)
      throw new ConfigError([{ field: 'bindAlso', value: this.state, allowed: 'call bind() first' }]);
    this.#parts.attachments.server.also(server);
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
      // Whoever gets this error is not kept waiting for a registry that does not answer; leaving goes on beside it.
      if (this.state !== 'failed')
        await withDeadline(clock, LEAVE_WITHIN_MS, { operation: 'leave' }, undefined, () =>
          this.leave('not registered in time, and `required` is set'),
        ).catch(() => undefined);
      throw error;
    }
  }

  /** Out of the registry, serve on until the traffic has gone, close the server, let go. Terminal and idempotent. Resolves when all is done; errors are told by the 'stopped' event. */
  async stop(reason = 'stop() was called'): Promise<void> {
    await this.#parts.shutdown.stop(reason);
  }

  /** Out of the registry for good, or out of traffic in it as `shutdown.policy` says, serving on: the first half of `stop()`. Resolves when the registry shows it. */
  async leave(reason = 'leave() was called'): Promise<void> {
    await this.#parts.shutdown.leave(reason);
  }

  /** Replaces tags, meta or weights. Resolves when the registry has them, or at once while nothing is registered yet. Throws `ConfigError` for bad values; rejects when the registry refuses them, and the old ones stay. */
  async update(changes: InstanceChanges): Promise<void> {
    if (this.#parts.halt.signal.aborted)
      throw new StoppedError('update() after stop(): the Registrar has left the registry');
    await this.#parts.lifecycle.relabel((labels) => labels.changed(changes));
  }

  /**
   * Takes the instance out of traffic, or back into it, while it goes on running; kept over a loss, over by the next start. Resolves when the registry shows it, or at
   * once while nothing is registered yet. An operator's maintenance is neither replaced nor lifted. `reason` is for people, at most 200 characters.
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
   * Has `hook` run at a point of the stop: `before deregister`, while still listed; `after drain`, when the traffic has gone; `after close`, when the server is
   * closed. What was added last runs first, one after another. One that throws, or takes longer than its timeout, is told by its name in the 'stopped' event, and
   * the stop goes on. The returned function takes it off. Throws `ConfigError`, and `StoppedError` once a stop has begun.
   */
  onStop(point: HookPoint, name: string, hook: StopHook, options?: HookOptions): () => void {
    if (this.#parts.shutdown.hasBegun) throw new StoppedError('onStop() after stop(): the way down has begun');
    return this.#parts.hooks.add(point, name, hook, options);
  }

  /**
   * Tells how a component does, from where the service sees it itself. One that the options name counts it as one of its runs; any other
   * is taken as it stands: 'critical' takes the instance out of traffic until it is reported otherwise. `detail` is for the `component` event
   * and stays in this process. Throws `ConfigError` for a name or a status that cannot be.
   */
  report(component: string, status: ComponentStatus, detail?: string): void {
    this.#parts.healthMonitor.report(component, status, detail);
  }

  /**
   * Calls `fn` and settles as it does, unless the component is failing: then it rejects at once with `CircuitOpenError`, until a run of the
   * component succeeds. Five calls in a row that fail make it failing too. Rejects with `ConfigError` for a component without `onFail: 'break'`.
   */
  guard<T>(component: string, fn: () => T | Promise<T>): Promise<T> {
    return this.#parts.healthMonitor.guard(component, fn);
  }

  /** Calls `listener` at every `event`; the returned function ends that. */
  on<N extends EventName>(event: N, listener: Listener<N>): () => void {
    return this.#parts.events.on(event, listener);
  }

  /** One plain object that tells how things are; safe to print. */
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
      waitingFor: this.#parts.shutdown.waitingFor,
      failure: this.#parts.lifecycle.failure,
      ...this.#parts.lifecycle.told,
    });
  }

  #start(): Promise<void> {
    const { machine, config, registry, events, context, shutdown, lifecycle, attachments, halt } = this.#parts;
    if (!machine.transition('start')) {
      const message = 'start() after stop(): a stopped Registrar does not start again, make a new one';
      return Promise.reject(new StoppedError(message));
    }
    for (const message of [...config.warnings, ...registry.warnings]) events.emit('warning', { message });
    installSignalHandlers({ signals: context.signals, wanted: config.signals, stop: shutdown, events });
    loadOptionalParts(this.#parts);
    if (attachments.server === undefined) holdFirstTry(events, context.clock, config.waitMs);
    const slot = context.slots.take();
    events.on('stopped', slot.release);
    return new Promise((resolve, reject) => {
      events.on('registered', () => {
        // A probe on the port of its own is answered by then.
        const { healthServer = Promise.resolve() } = attachments;
        void healthServer.then(() => resolve());
      });
      attachments.running = lifecycle.run(slot.phase, halt.signal).catch((thrown: unknown) => {
        reject(asError(thrown));
      });
    });
  }
}
