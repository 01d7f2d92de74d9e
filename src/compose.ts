import { chooseRegistry } from './backends/choose-registry.js';
import { shareAmongWorkers } from './cluster/share-among-workers.js';
import type { Config } from './config/config.js';
import { readServiceEnv } from './config/env.js';
import { Labels } from './config/labels.js';
import type { RegistrarOptions } from './config/options.js';
import type { Endpoint } from './contracts/endpoint.js';
import { resolveConfig } from './config/resolve-config.js';
import { healthEndpoint as makeHealthEndpoint } from './health/endpoint.js';
import type { HealthEndpoint } from './health/endpoint.js';
import { HealthMonitor } from './health/health-monitor.js';
import { InstanceLifecycle } from './lifecycle/instance-lifecycle.js';
import { Maintenance } from './lifecycle/maintenance.js';
import { processContext } from './lifecycle/process-context.js';
import type { ProcessContext } from './lifecycle/process-context.js';
import { GuardedRegistry } from './registries/guarded-registry.js';
import type { BoundServer } from './server/bound-server.js';
import type { CloseHoldPlan } from './server/close-hold.js';
import type { HealthServer } from './server/health-server.js';
import type { ExitHandler } from './shutdown/exit/exit-handler.js';
import { Hooks } from './shutdown/hooks.js';
import { Shutdown } from './shutdown/shutdown.js';
import { isRunning, processSignals } from './shutdown/signals.js';
import type { Signals } from './shutdown/signals.js';
import { Events } from './telemetry/events.js';
import { lazyLogger } from './telemetry/lazy-logger.js';
import { logEvents } from './telemetry/log.js';
import { safeLogger } from './telemetry/safe-logger.js';
import { StateMachine } from './telemetry/state-machine.js';

/** What one Registrar uses of the process around it. */
export interface RegistrarContext extends ProcessContext {
  readonly signals: Signals;
  /** Loaded at first use. */
  readonly exitHandler: () => Promise<ExitHandler>;
}

/** Parts that exist only after the Registrar was constructed. */
export interface Attachments {
  server: BoundServer | undefined;
  /** Answers on the health port. */
  healthServer: Promise<HealthServer | undefined> | undefined;
  /** Settles when start, heartbeat and recovery have all ended. */
  running: Promise<void>;
  /** Resolves when the checks of the start have ended. */
  checking: Promise<void>;
}

/** The parts of one Registrar, wired to each other. */
export interface RegistrarParts {
  readonly context: RegistrarContext;
  readonly config: Config;
  readonly registry: GuardedRegistry;
  readonly events: Events;
  readonly machine: StateMachine;
  readonly maintenance: Maintenance;
  readonly hooks: Hooks;
  readonly healthMonitor: HealthMonitor;
  readonly healthEndpoint: HealthEndpoint;
  /** What is answered on the host's server. */
  readonly endpoints: readonly Endpoint[];
  readonly lifecycle: InstanceLifecycle;
  readonly shutdown: Shutdown;
  /** When the host's own `server.close()` waits. */
  readonly closeHold: CloseHoldPlan | undefined;
  readonly attachments: Attachments;
  /** Aborts when the stop begins to take the instance out of the registry. */
  readonly halt: AbortController;
}

const exitHandler = async (): Promise<ExitHandler> =>
  (await import('./shutdown/exit/exit-handler.js')).processExitHandler();

/** The context of this process. */
export function thisProcess(): RegistrarContext {
  return { ...processContext(), signals: processSignals(), exitHandler };
}

const DONE = Promise.resolve();

let overrides: Partial<RegistrarContext> = {};

/** Constructs Registrars that use `context` in place of the process's own, so that tests run on a fake clock. */
export function inContext<T>(context: Partial<RegistrarContext>, construct: () => T): T {
  const former = overrides;
  overrides = context;
  try {
    return construct();
  } finally {
    overrides = former;
  }
}

/** Checks the options and wires the parts of one Registrar. Throws one `ConfigError` that names every problem. */
export function compose(options: RegistrarOptions): RegistrarParts {
  const context = { ...thisProcess(), ...overrides };
  const { clock, signals } = context;
  // Read once: later changes of the environment take effect at the next start.
  const env = readServiceEnv();
  const config = resolveConfig(options, env);
  const { name, ttlMs } = config;
  const onStop = () => void signals.endAsAsked('the primary of the cluster stops');
  const shared = shareAmongWorkers(chooseRegistry(options, env), { clock, service: name, ttlMs, isRunning, onStop });
  const registry = new GuardedRegistry(shared, clock);
  const logger = options.logger === false ? undefined : safeLogger(options.logger ?? lazyLogger());
  const events = new Events((error, event) => {
    logger?.error({ service: name, err: error.message }, `a listener of '${event}' threw`);
  });
  if (logger !== undefined) logEvents(events, logger, { service: name }, clock);
  const machine = new StateMachine(events);
  const maintenance = new Maintenance(events);
  const hooks = new Hooks(clock);
  const attachments: Attachments = { server: undefined, healthServer: undefined, running: DONE, checking: DONE };
  const halt = new AbortController();
  const healthMonitor = new HealthMonitor({
    components: config.health.components,
    clock,
    onComponent: (component) => {
      events.emit('component', component);
    },
    onChange: () => {
      lifecycle.healthChanged();
    },
  });
  const server = () => attachments.server;
  const lifecycle = new InstanceLifecycle({
    config,
    context,
    registry,
    events,
    machine,
    labels: Labels.of(options, env),
    source: options.config,
    server,
    healthMonitor,
    maintenance,
  });
  const { path, details, mounted } = config.health;
  const facts = () => ({
    ready: lifecycle.heartbeat !== undefined,
    draining: halt.signal.aborted,
    health: healthMonitor.health,
  });
  const healthEndpoint = makeHealthEndpoint({
    path,
    details,
    facts,
    onWarning: (message) => {
      events.emit('warning', { message });
    },
  });
  const endpoints = mounted ? [healthEndpoint] : [];
  const shutdown = new Shutdown({
    config,
    clock,
    events,
    machine,
    hooks,
    registry,
    server,
    heartbeat: () => lifecycle.heartbeat,
    wasSeenByReaders: () => lifecycle.wasSeenByReaders,
    isHostEnding: () => signals.isHostEnding,
    closeHealthServer: async () => {
      // Nothing runs after a stop; a check of the start never delays leaving.
      await attachments.checking;
      await (await attachments.healthServer)?.close();
    },
    halt: async (reason) => {
      halt.abort(reason);
      await attachments.running;
    },
  });
  // A hook that closes the server waits for it, and the stop for the hook.
  const isListed = () =>
    lifecycle.heartbeat !== undefined && lifecycle.failure === undefined && shutdown.mayBeInUse && !hooks.isInside;
  const closeHold = config.holdClose ? { isListed, maxMs: config.drain.maxMs } : undefined;
  return {
    context,
    config,
    registry,
    events,
    machine,
    maintenance,
    hooks,
    healthMonitor,
    healthEndpoint,
    endpoints,
    lifecycle,
    shutdown,
    closeHold,
    attachments,
    halt,
  };
}
