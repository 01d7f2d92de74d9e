import { orders } from '../balancing/orders.js';
import type { Balance } from '../balancing/orders.js';
import { readServiceEnv } from '../config/env.js';
import type { DiscoveredInstance } from '../contracts/discovery.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import { metaKeys } from '../contracts/resolved-instance.js';
import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { parseDuration } from '../core/duration.js';
import type { Duration } from '../core/duration.js';
import { unbracketed } from '../net/ip-address.js';
import { resolveInstance } from './resolve-instance.js';

/** Which instances of a service to give, and what to give when the registry is away. */
export interface ServiceOptions {
  /** Only instances that have all of these tags. @default [] */
  readonly tags?: readonly string[];
  /** Another datacenter of Consul. @default the agent's own */
  readonly datacenter?: string;
  /** `exclude`: leave out instances whose status is `warning`. @default 'include' */
  readonly warning?: 'include' | 'exclude';
  /** The oldest answer to give while the registry is away. @default no limit */
  readonly maxAge?: Duration;
  /**
   * How an instance is picked: `p2c`: the less loaded one of two random ones, by calls under way and latency;
   * `roundRobin`; `random`. All heed weights. @default 'p2c'
   */
  readonly balance?: Balance;
  /**
   * Where the caller runs: calls go to instances of the same zone as far as these have room, beyond that to those of
   * the same datacenter, and then to the others; `false`: neither zones nor datacenters matter. Env: `SERVICE_ZONE`.
   * @default datacenters alone matter
   */
  readonly zone?: string | false;
  /** The most instances to call of a large fleet, of which each caller has others. @default 100 */
  readonly subset?: number;
  /** How long a new instance takes to get its whole share. @default at once */
  readonly slowStart?: Duration;
  /** Origins, e.g. `http://10.0.0.7:3000`, or instances, to give when nothing else is known. @default none */
  readonly static?: readonly (string | StaticInstance)[];
}

/** An instance of a list in options; whatever it lacks has a default. */
export type StaticInstance = Partial<DiscoveredInstance> & Pick<DiscoveredInstance, 'address' | 'port'>;

/** The checked options. */
export interface ServiceSelection {
  readonly tags: readonly string[];
  readonly datacenter: string | undefined;
  readonly includesWarning: boolean;
  readonly maxAgeMs: number;
  /** Undefined: none. */
  readonly fixed: readonly ResolvedInstance[] | undefined;
  readonly balancing: BalancingRules;
}

/** How instances are picked. */
export interface BalancingRules {
  readonly balance: Balance;
  /** Undefined: not known; `false`: neither zones nor datacenters matter. */
  readonly zone: string | false | undefined;
  readonly subset: number;
  /** 0: a new instance gets its whole share at once. */
  readonly slowStartMs: number;
}

const DEFAULT_SUBSET = 100;

/** Throws one `ConfigError` that lists every problem. */
export function checkServiceOptions(service: string, options: ServiceOptions): ServiceSelection {
  const { tags = [], datacenter, warning = 'include', maxAge, static: given } = options;
  const issues: ConfigIssue[] = [];
  const maxAgeMs = maxAge === undefined ? Infinity : parseDuration(maxAge);
  if (typeof service !== 'string' || service === '')
    issues.push({ field: 'service', value: service, allowed: 'the name of a service' });
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string'))
    issues.push({ field: 'tags', value: tags, allowed: 'an array of strings' });
  if (datacenter !== undefined && (typeof datacenter !== 'string' || datacenter === ''))
    issues.push({ field: 'datacenter', value: datacenter, allowed: 'the name of a datacenter' });
  if (warning !== 'include' && warning !== 'exclude')
    issues.push({ field: 'warning', value: warning, allowed: "'include' or 'exclude'" });
  if (maxAgeMs === undefined) issues.push({ field: 'maxAge', value: maxAge, allowed: "a duration, e.g. '5m'" });
  const balancing = checkBalancing(options, issues);
  const fixed = given && staticInstances(service, given);
  if (fixed?.some((instance) => instance === undefined) === true)
    issues.push({ field: 'static', value: given, allowed: "an array of origins, e.g. 'http://10.0.0.7:3000'" });
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    tags,
    datacenter,
    includesWarning: warning === 'include',
    maxAgeMs: maxAgeMs ?? Infinity,
    fixed: fixed && Object.freeze(fixed.flatMap((instance) => instance ?? [])),
    balancing,
  };
}

function checkBalancing(options: ServiceOptions, issues: ConfigIssue[]): BalancingRules {
  const { balance = 'p2c', zone = readServiceEnv().zone, subset = DEFAULT_SUBSET, slowStart } = options;
  const slowStartMs = slowStart === undefined ? 0 : parseDuration(slowStart);
  if (!Object.hasOwn(orders, balance))
    issues.push({ field: 'balance', value: balance, allowed: "'p2c', 'roundRobin' or 'random'" });
  if (zone !== undefined && zone !== false && (typeof zone !== 'string' || zone === ''))
    issues.push({ field: 'zone', value: zone, allowed: 'the name of a zone, or false' });
  if (!Number.isInteger(subset) || subset < 1)
    issues.push({ field: 'subset', value: subset, allowed: 'a whole number of instances, at least 1' });
  if (slowStartMs === undefined)
    issues.push({ field: 'slowStart', value: slowStart, allowed: "a duration, e.g. '30s'" });
  return { balance, zone, subset, slowStartMs: slowStartMs ?? 0 };
}

/** The instances of a list in options; undefined for each that has no usable form. */
export function staticInstances(
  service: string,
  given: readonly (string | StaticInstance)[],
): (ResolvedInstance | undefined)[] {
  if (!Array.isArray(given)) return [undefined];
  return (given as readonly (string | StaticInstance)[]).map((each) =>
    typeof each === 'string' ? fromOrigin(service, each) : fromFields(service, each),
  );
}

function fromOrigin(service: string, origin: string): ResolvedInstance | undefined {
  if (!/^https?:\/\/[^/]+\/?$/i.test(origin) || !URL.canParse(origin)) return undefined;
  const { protocol, hostname, port } = new URL(origin);
  const scheme = protocol.slice(0, -1);
  return fromFields(service, {
    address: unbracketed(hostname),
    port: port === '' ? usualPort(scheme) : Number(port),
    meta: { [metaKeys.scheme]: scheme },
  });
}

function usualPort(scheme: string): number {
  return scheme === 'https' ? 443 : 80;
}

function fromFields(name: string, given: StaticInstance): ResolvedInstance | undefined {
  const fields = given ?? {};
  const { address, port, id = `${name}-${String(address)}-${String(port)}` } = fields;
  if (typeof address !== 'string' || address === '' || typeof id !== 'string') return undefined;
  return resolveInstance({ status: 'passing', tags: [], meta: {}, name, ...fields, id });
}
