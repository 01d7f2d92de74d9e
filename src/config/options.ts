import type { BeatThread, DriftPolicy, HealthDetails, IdConflictPolicy } from '../contracts/policies.js';
import type { Duration } from '../core/duration.js';
import type { ShutdownOptions } from './shutdown-options.js';
import type { Registry } from '../contracts/registry.js';
import type { OnFail } from '../contracts/health-report.js';
import type { Naming } from './name-convention.js';
import type { Weights } from '../contracts/service-instance.js';
import type { Logger } from '../contracts/logger.js';
import type { ConfigSource } from '../contracts/config-source.js';

export type { Duration } from '../core/duration.js';
export type { DrainOptions, ShutdownOptions } from './shutdown-options.js';

/** The options of a Registrar. All but the name have a default; options take precedence over the environment. */
export interface RegistrarOptions {
  /** Name of the service in the registry, at most 128 characters. Env: `SERVICE_NAME`. */
  name?: string;
  /**
   * `strict`: the name must have the form `{env}-{domain}-{service}-{version}`, e.g. `prod-payment-user-service-v1`;
   * `plain`: any name, with a warning for one that is not valid in DNS.
   * @default 'plain'
   */
  naming?: Naming;
  /**
   * Id of this instance; may contain templates, see `tags`. Env: `SERVICE_ID`.
   * @default name, host and port joined by `-`
   */
  id?: string;
  /**
   * The host name or IP to advertise. Env: `SERVICE_ADDRESS`.
   * @default the first that is known of: the address in the platform's variables, the one the server is bound to, the
   * source address of the route to the registry or, with a local agent, the agent's address, and that of the best
   * network interface
   */
  address?: string;
  /**
   * The port to advertise. `'docker'`: the host port that Docker publishes for the server's port in a container; needs
   * the Docker Engine API, which makes the service root on the host unless a proxy filters it. Env: `SERVICE_PORT`.
   * @default the port that the bound server listens on
   */
  port?: number | 'docker';
  /**
   * At most 256 tags of up to 1024 bytes each. Tags, meta values and the id may contain the templates `{{env.NAME}}`,
   * `{{env.NAME|default}}` and `{{host}}`, e.g. `version={{env.GIT_SHA}}`. Env: `SERVICE_TAGS`, separated by commas,
   * or as a JSON array.
   * @default []
   */
  tags?: readonly string[];
  /**
   * At most 63 pairs (Consul allows 64, and rollcall needs one); keys `[A-Za-z0-9_-]`, values up to 512 bytes. Env:
   * `SERVICE_META_<KEY>`, whose key becomes lower case; merged pair by pair.
   * @default {}
   */
  meta?: Readonly<Record<string, string>>;
  /**
   * Where the instance runs, e.g. an availability zone; written as the meta `zone`, unless `meta` has one. At most 128
   * characters. Env: `SERVICE_ZONE`.
   * @default none
   */
  zone?: string;
  /** Share of traffic relative to the other instances; at least 1 each. @default the registry's */
  weights?: Weights;
  /**
   * A live source of tags, meta and weights, e.g. `configFile('/etc/orders/live.json')` or `consulKv('config/orders')`.
   * Takes precedence over the options: meta pair by pair, tags and weights as a whole.
   * @default none
   */
  config?: ConfigSource;
  /** Consul Enterprise. Env: `CONSUL_NAMESPACE`. */
  namespace?: string;
  /** Consul Enterprise. Env: `CONSUL_PARTITION`. */
  partition?: string;
  /** Where to register. Env: `SERVICE_REGISTRY` (`consul`, `etcd`, `redis`, `file` or `memory`). @default consul() */
  registry?: Registry;
  /**
   * How long the entry stays valid without a heartbeat, at least 1 s. Env: `SERVICE_TTL`.
   * @default the TTL of `tier`
   */
  ttl?: Duration;
  /** `core`: TTL 10 s; `standard`: TTL 30 s. @default 'core' */
  tier?: 'core' | 'standard';
  /** Checks that the registry runs, in addition to the TTL check. */
  checks?: ChecksOptions;
  /**
   * How long an entry may be critical before the registry removes it; at least 1 min and more than the TTL.
   * @default '1m', or twice the TTL if longer; never, if `shutdown.policy` is not `deregister`
   */
  deregisterCriticalAfter?: Duration;
  /** Register again after a loss of the registration. @default true */
  recover?: boolean;
  /**
   * What to do when another writer has changed the entry. `repair`: write it again, at most once a minute; `report`:
   * only emit `drift`; `ignore`: nothing.
   * @default 'repair'
   */
  drift?: DriftPolicy;
  /**
   * What to do when another live instance has our id. `wait`: stay in `waiting` until it is free; `fail`: give up;
   * `rename`: register under a new id.
   * @default 'wait'
   */
  onIdConflict?: IdConflictPolicy;
  /**
   * The readiness gate of the start: called every 250 ms until it returns true. An error, or no answer within 5 s,
   * counts as false; `status()` and a warning after `wait` say which.
   * @default () => true
   */
  ready?: () => boolean | Promise<boolean>;
  health?: HealthOptions;
  heartbeat?: HeartbeatOptions;
  shutdown?: ShutdownOptions;
  /**
   * A logger with the methods of pino, or false for none.
   * @default a pino logger at level `info`, loaded at first use
   */
  logger?: Logger | false;
  /**
   * The longest that `register()` waits after 'listening' before it continues in the background. False: no limit.
   * @default '5s'
   */
  wait?: Duration | false;
  /** True: `register()` rejects with the cause when the instance is not registered within `wait`. @default false */
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
  /**
   * Path on this server that starts with `/`, or an absolute http(s) URL; the service answers there itself, unless
   * `health.path` covers it.
   * @default `<health.path>/ready`
   */
  path?: string;
  /** How the registry verifies the certificate of an https server. @default against the host of the URL */
  tls?: CheckTlsOptions;
}

export interface CheckTlsOptions {
  /**
   * The name that the certificate must contain. Needs Consul 1.9; an older agent rejects the registration.
   * @default the host of the URL
   */
  serverName?: string;
  /** True: accepts any certificate. @default false */
  insecureSkipVerify?: boolean;
}

export interface GrpcCheckOptions extends ProbeOptions {
  /** Name of the gRPC service to check. @default the server as a whole */
  service?: string;
  /** @default false */
  tls?: boolean;
}

export interface HealthOptions {
  /**
   * The health path of the bound server, with `/live` and `/ready` below it. Answered only if this is set, or
   * `checks.http` without a path of its own. Takes GET and HEAD before the routes of the host; other methods are the
   * host's, and so are paths for which a Fastify app has a route.
   * @default '/health'
   */
  path?: string;
  /**
   * A separate port that answers the health paths, on every address, from `start()` to the end of the drain.
   * @default none
   */
  port?: number;
  /**
   * Who sees in health answers how each component does, by name and reason code: false: no client; `'loopback'`:
   * clients on loopback, which a proxy on this host is for all its clients, unless it sends a forwarding header (nginx
   * and HAProxy send none by default); true: every client.
   * @default false
   */
  details?: HealthDetails;
  /**
   * The parts and dependencies of the service, by name. A component without `run` gets its health from
   * `Registrar.report`.
   * @default none
   */
  components?: Readonly<Record<string, ComponentOptions>>;
}

export interface ComponentOptions {
  /**
   * Probes the component, first when the Registrar starts. The probe fails if it throws, rejects, returns false, a
   * `Finding` that is not passing or an object whose `ok` is false (as of `fetch`), or takes longer than `timeout`,
   * when the signal aborts. Never called while an earlier call is running.
   */
  run?: (signal: AbortSignal) => unknown;
  /** Releases the resources of `run`. Called once when the Registrar stops. @default none */
  close?: () => unknown;
  /** From the start of one run to the start of the next. @default '10s' */
  interval?: Duration;
  /** @default '2s', or the interval if shorter */
  timeout?: Duration;
  /** Consecutive failed runs before it becomes unhealthy. @default 1 */
  failures?: number;
  /** Consecutive good runs before it becomes healthy. @default 1 */
  successes?: number;
  /**
   * The effect of a failure on the instance. `degrade`: passing, but degraded; `warning`: in warning, which hides it
   * from Consul queries with `?passing`; `critical`: out of traffic; `break`: passing, but degraded, and
   * `Registrar.guard` fails fast until a trial succeeds: the next run or, without `run`, a guarded call `interval`
   * after the circuit opened.
   * @default 'degrade'
   */
  onFail?: OnFail;
  /**
   * Whether an error of a guarded call counts towards opening the circuit of `onFail: 'break'`. Return false for errors
   * that a healthy component gives, e.g. a refused card: such a call counts as a good one. An abort by the caller then
   * counts as neither.
   * @default every error but an `AbortError`; a `TimeoutError` counts
   */
  countsAsFailure?: (error: unknown) => boolean;
}

export interface HeartbeatOptions {
  /** Time between two heartbeats, at most half the TTL. @default a third of the TTL */
  interval?: Duration;
  /**
   * `worker`: one worker thread, shared by all Registrars of the process, sends the heartbeats, so that a stalled event
   * loop does not delay them. If the thread cannot start or dies, a `warning` says so and the main thread sends them.
   * @default 'main'
   */
  thread?: BeatThread;
  /**
   * With `thread: 'worker'`: how long the event loop may stall before the worker reports critical, at least 250 ms.
   * @default the TTL
   */
  stallTolerance?: Duration;
}
