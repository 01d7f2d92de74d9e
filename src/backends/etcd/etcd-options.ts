import { readEtcdEnv } from './etcd-env.js';
import type { EtcdEnv } from './etcd-env.js';
import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { isLoopback } from '../../net/ip-address.js';
import { resolveCap } from '../../net/answer-cap.js';
import type { AnswerCap } from '../../net/answer-cap.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import { readTls } from '../../net/tls.js';
import type { TlsOptions } from '../../net/tls.js';
import type { TlsSource } from '../../net/reloadable-tls.js';
import type { PasswordFunction } from '../../credentials/password.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { endpointsOf, securityOf } from './etcd-endpoints.js';
import { userOf } from './etcd-user.js';
import type { EtcdUser } from './etcd-user.js';

/**
 * Returns what other readers of etcd find of a passing instance: one key and its value, or undefined for nothing. The
 * key must be unique to the instance and not begin with `/rollcall/`.
 */
export type EtcdLayout = (instance: ServiceInstance) => { readonly key: string; readonly value: string } | undefined;

/** How to reach etcd. Explicit options win over the variables of `etcdctl`. */
export interface EtcdOptions {
  /**
   * URLs of one or more members of one cluster, e.g. `['http://10.0.0.1:2379', 'http://10.0.0.2:2379']`; `host:port`
   * works too. One member is used until it does not answer, then the next. Env: `ETCDCTL_ENDPOINTS`.
   * @default ['http://127.0.0.1:2379']
   */
  readonly endpoints?: readonly string[];
  /** User, if etcd has authentication enabled. Env: `ETCDCTL_USER`, also as `user:password`. @default none */
  readonly username?: string;
  /**
   * Password of `username`, or a function that returns it, which is called whenever etcd wants the password.
   * Env: `ETCDCTL_PASSWORD`.
   * @default none
   */
  readonly password?: string | PasswordFunction;
  /** A file with the password, read again when it changes; instead of `password`. @default none */
  readonly passwordFile?: string;
  /**
   * True: the password may go over plain `http` to another host, where any host on the network path can read it.
   * @default false
   */
  readonly allowPlainPassword?: boolean;
  /**
   * TLS settings for `https` endpoints. Files are read again when they change. Env: `ETCDCTL_CACERT`, `ETCDCTL_CERT`,
   * `ETCDCTL_KEY`.
   */
  readonly tls?: TlsOptions;
  /**
   * What other readers find of an instance.
   * @default etcd's own `naming/endpoints`, `<name>/<id>`, which gRPC clients read
   */
  readonly layout?: EtcdLayout;
  /** The most bytes of an answer about one entry. A longer one is an error. @default 1 MiB */
  readonly maxLookBytes?: number;
  /** The most bytes of an answer that lists a service. A longer one is an error. @default 32 MiB */
  readonly maxListBytes?: number;
}

/** The most bytes of an answer. */
export interface EtcdCaps {
  readonly look: AnswerCap;
  readonly list: AnswerCap;
}

/** The resolved options: merged with the environment and checked. */
export interface EtcdTarget {
  /** Base URLs, without credentials. */
  readonly urls: readonly URL[];
  /** The URLs, safe to print. */
  readonly shown: string;
  /** True if all members are on this host. */
  readonly isLocal: boolean;
  readonly user: EtcdUser | undefined;
  /** Undefined: plain HTTP. */
  readonly tls: TlsSource | undefined;
  readonly layout: EtcdLayout | undefined;
  readonly caps: EtcdCaps;
  /** Risky but allowed settings, as messages for the log. */
  readonly warnings: readonly string[];
}

/**
 * Merges options and environment, and reads the files that they name. Throws `ConfigError` with every problem found,
 * but for files that are not there yet, or still empty. Connects to nothing.
 */
export function resolveEtcdOptions(options: EtcdOptions, env: EtcdEnv = readEtcdEnv()): EtcdTarget {
  const issues: ConfigIssue[] = [];
  const urls = endpointsOf(options.endpoints, env, issues);
  const plan = securityOf(options.tls, env, urls, issues);
  const read = plan && readTls(plan);
  issues.push(...(read?.issues ?? []).filter(({ pendingFile }) => pendingFile === undefined));
  const user = userOf(options, env, urls, issues);
  const caps = capsOf(options, issues);
  const { layout } = options;
  if (layout !== undefined && typeof layout !== 'function')
    issues.push({ field: 'layout', value: layout, allowed: 'a function that returns { key, value } for an instance' });
  if (issues.length > 0) throw new ConfigError(issues);
  const shown = urls
    .map(({ protocol, host, pathname }) => `${protocol}//${host}${pathname.replace(/\/$/, '')}`)
    .join(', ');
  const unverified =
    `the certificate of ${shown} is not verified (tls.insecureSkipVerify), so a host on the network path can ` +
    'read the password and answer in its place: set tls.ca instead';
  return {
    urls,
    shown,
    isLocal: urls.every((url) => isLoopback(endpointOfUrl(url).host)),
    user,
    tls: plan && read && { plan, ...read },
    layout,
    caps,
    warnings: plan?.insecureSkipVerify === true ? [unverified] : [],
  };
}

function capsOf({ maxLookBytes, maxListBytes }: EtcdOptions, issues: ConfigIssue[]): EtcdCaps {
  return {
    look: resolveCap('etcd', 'maxLookBytes', maxLookBytes, issues),
    list: resolveCap('etcd', 'maxListBytes', maxListBytes, issues),
  };
}

/** How a worker thread builds the same registry; undefined for a layout, which is a function of the host. */
export function etcdWorkerSpec({ layout, password, ...options }: EtcdOptions): WorkerSpec | undefined {
  if (layout !== undefined) return undefined;
  if (typeof password === 'function') return { kind: 'etcd', options, asks: { password } };
  return { kind: 'etcd', options: { ...options, ...(password !== undefined && { password }) } };
}
