import type { DriftPolicy, IdConflictPolicy, ShutdownPolicy, BeatThread } from '../contracts/policies.js';
import type { Registry } from '../contracts/registry.js';
import type { OnFail } from '../contracts/health-report.js';
import type { Naming } from './name-convention.js';
import type { Weights } from '../contracts/service-instance.js';
import type { Logger } from '../contracts/logger.js';
import type { ConfigSource } from '../contracts/config-source.js';

/** Milliseconds, or a number with a unit: `250`, `'250ms'`, `'10s'`, `'1m'`, `'1h'`. */
export type Duration = number | string;

/** What a Registrar can be told. Everything but the name has a default; explicit options win over the environment. */
export interface RegistrarOptions {
  /** Name of the service in the registry, at most 128 characters. Env: `SERVICE_NAME`. */
  name?: string;
  /**
   * `strict`: the name has to follow the convention `{env}-{domain}-{service}-{version}`, e.g. `prod-payment-user-service-v1`; `plain`:
   * any name, with a warning for one that DNS cannot carry. @default 'plain'
   */
  naming?: Naming;
  /** Id of this instance; may have templates, as `tags` may. Env: `SERVICE_ID`. @default name, host and port joined by `-`, built once the server listens */
  id?: string;
  /**
   * Host or IP others reach us by. Env: `SERVICE_ADDRESS`. @default what the platform's variables say, else what the server is bound to, else
   * the source address of the route to the registry or, with a local agent, the agent's own, else the best interface's
   */
  address?: string;
  /**
   * Port others reach us by. `'docker'`: in a container, the host's port that Docker publishes for the one listened on.
   * It needs the Docker Engine API, which makes the service root on the host unless a proxy filters it. Env:
   * `SERVICE_PORT`. @default the port the bound server listens on
   */
  port?: number | 'docker';
  /**
   * At most 256, each up to 1024 bytes. In tags, meta values and the id `{{env.NAME}}`, `{{env.NAME|default}}` and `{{host}}` are filled
   * in, e.g. `version={{env.GIT_SHA}}`. Env: `SERVICE_TAGS`, separated by commas. @default []
   */
  tags?: readonly string[];
  /**
   * At most 63 pairs (Consul takes 64, one is ours); keys `[A-Za-z0-9_-]`, values up to 512 bytes. Env: `SERVICE_META_<KEY>`, key in
   * lower case; merged pair by pair. @default {}
   */
  meta?: Readonly<Record<string, string>>;
  /** Share of traffic relative to the siblings; at least 1 each. @default what the registry gives */
  weights?: Weights;
  /**
   * Where tags, meta and weights come from while the instance runs, e.g. `configFile('/etc/orders/live.json')` or `consulKv('config/orders')`.
   * They lie over the options: meta pair by pair, tags and weights as a whole. @default none
   */
  config?: ConfigSource;
  /** Consul Enterprise. Env: `CONSUL_NAMESPACE`. */
  namespace?: string;
  /** Consul Enterprise. Env: `CONSUL_PARTITION`. */
  partition?: string;
  /** Where to register. Env: `SERVICE_REGISTRY` (`consul`, `etcd`, `redis`, `file` or `memory`). @default consul() */
  registry?: Registry;
  /** How long the entry lives without a heartbeat, at least 1 s. Env: `SERVICE_TTL`. @default what `tier` says */
  ttl?: Duration;
  /** `core`: TTL 10 s; `standard`: TTL 30 s. @default 'core' */
  tier?: 'core' | 'standard';
  /** Probes by the registry, beside the TTL check that is always there. */
  checks?: ChecksOptions;
  /** How long a critical entry may stay before the registry removes it; at least 1 min and more than the TTL. @default '1m', or twice the TTL if longer; never under another `shutdown.policy` than `deregister` */
  deregisterCriticalAfter?: Duration;
  /** Register again by itself after any loss. @default true */
  recover?: boolean;
  /**
   * What to do when the registry holds other values than those we wrote. `repair`: write them again, at most once a
   * minute; `report`: emit `drift`; `ignore`: nothing. @default 'repair'
   */
  drift?: DriftPolicy;
  /**
   * What to do when another live instance holds our id. `wait`: stay in `waiting` and look again; `fail`: give up;
   * `rename`: register under an id of our own. @default 'wait'
   */
  onIdConflict?: IdConflictPolicy;
  /** The start gate: asked every 250 ms until it says true; one that throws has said no. @default () => true */
  ready?: () => boolean | Promise<boolean>;
  health?: HealthOptions;
  heartbeat?: HeartbeatOptions;
  shutdown?: ShutdownOptions;
  /** A pino-like logger, or false for silence. @default a pino logger of level `info`, loaded at first use */
  logger?: Logger | false;
  /** How long `register()` may take the caller's time, counted from 'listening'; it goes on in the background. False: no limit. @default '5s' */
  wait?: Duration | false;
  /** True: not being registered within `wait` is an error. @default false */
  required?: boolean;
}

export interface ChecksOptions {
  /** True: `<health.path>/ready` of the bound server. */
  http?: true | HttpCheckOptions;
  tcp?: true | ProbeOptions;
  grpc?: true | GrpcCheckOptions;
}

export interface ProbeOptions {
  /** @default '10s' */
  interval?: Duration;
  /** @default '5s', or the interval if shorter */
  timeout?: Duration;
}

export interface HttpCheckOptions extends ProbeOptions {
  /** Path on this server that starts with `/`, or an absolute http(s) URL. @default `<health.path>/ready` */
  path?: string;
  /** For an https server whose certificate the registry would not take otherwise. @default the registry verifies it against the host of the URL */
  tls?: CheckTlsOptions;
}

export interface CheckTlsOptions {
  /** The name that the certificate has to carry. Consul knows this from 1.9 on; an older agent refuses the registration. @default the host of the URL */
  serverName?: string;
  /** True: any certificate will do. @default false */
  insecureSkipVerify?: boolean;
}

export interface GrpcCheckOptions extends ProbeOptions {
  /** Name of the gRPC service to ask for. @default the server as a whole */
  service?: string;
  /** @default false */
  tls?: boolean;
}

export interface HealthOptions {
  /** Where the bound server answers health requests, with `/live` and `/ready` below it. Not mounted unless this or `checks.http` is set. @default '/health' */
  path?: string;
  /** Answers them on a port of their own, on every address, from `start()` to the end of the drain. @default none */
  port?: number;
  /** True: tell everybody how each component does; false: only who asks over loopback. Names and reason codes, never what a component says. @default false */
  details?: boolean;
  /** What the service is made of and depends on, by name. A component without `run` is only reported about, see `Registrar.report`. @default none */
  components?: Readonly<Record<string, ComponentOptions>>;
}

export interface ComponentOptions {
  /**
   * Looks at it, at first when the Registrar starts. It is fine unless this throws, rejects, says false, answers a `Finding` that is not
   * passing or anything that is not `ok` (as `fetch` does), or takes longer than `timeout`, when the signal aborts. Never called while an
   * earlier call has not ended.
   */
  run?: (signal: AbortSignal) => unknown;
  /** Lets go of what `run` has kept. Called once when the Registrar stops. @default nothing to let go of */
  close?: () => unknown;
  /** From the begin of one run to the next. @default '10s' */
  interval?: Duration;
  /** @default '2s', or the interval if shorter */
  timeout?: Duration;
  /** So many runs in a row make it worse. @default 1 */
  failures?: number;
  /** So many runs in a row make it better. @default 1 */
  successes?: number;
  /**
   * How far it reaches. `degrade`: the instance passes, degraded; `warning`: it is in warning, which readers who ask with `?passing`
   * no longer see; `critical`: it leaves the traffic; `break`: it passes, degraded, and `Registrar.guard` fails fast until a
   * trial succeeds: a run or, `interval` after the circuit opened, a guarded call where there is no run. @default 'degrade'
   */
  onFail?: OnFail;
}

export interface HeartbeatOptions {
  /** Time between two heartbeats, at most half the TTL. @default a third of the TTL */
  interval?: Duration;
  /**
   * `worker`: registry and heartbeats are the business of one worker thread that all Registrars of the process share, so that a stalled event loop does not
   * hold them up; where it cannot run, or dies, that is told by a `warning` and heartbeats come from the main thread. @default 'main'
   */
  thread?: BeatThread;
  /** With `thread: 'worker'`: how long the event loop may stall before the worker reports critical, at least 250 ms. @default the TTL */
  stallTolerance?: Duration;
}

export interface ShutdownOptions {
  /** Signals that stop the Registrar; false: none, call `stop()` yourself. @default ['SIGTERM', 'SIGINT'] */
  signals?: readonly NodeJS.Signals[] | false;
  /**
   * What is left in the registry: nothing (`deregister`), or the entry, by which a missing instance can be told from one that was stopped. It is out of traffic by
   * a maintenance of ours, which the next start lifts once it is ready (`maintenance`), by a critical heartbeat (`critical`), or only when its TTL runs out
   * (`leave`). What stays is not reaped: `deregisterCriticalAfter` belongs to `deregister`. @default 'deregister'
   */
  policy?: ShutdownPolicy;
  drain?: DrainOptions;
  /** For the whole stop, drain included; keep it 2 s under the platform's grace period. @default '25s' */
  timeout?: Duration;
  /**
   * True: an exception that nobody catches still ends the process as it would have, but not before a last try to deregister, which holds it up for a second
   * at most. Costs a worker thread that stands by. A host that listens to `uncaughtException` goes on, and stays registered. @default false
   */
  crash?: boolean;
}

export interface DrainOptions {
  /** Serve on at least so long after leaving the registry. @default '2s' */
  min?: Duration;
  /**
   * A source (the address that requests come from) that is silent for so long has gone. `'auto'`: so long that it would have a chance of under
   * one in a million at the pace that this source has shown, and at least 1.2 s. @default 'auto'
   */
  quiet?: Duration | 'auto';
  /** Close after so long even if requests still come; at most `shutdown.timeout`. @default '15s', or 60 % of a shorter `shutdown.timeout` */
  max?: Duration;
}
