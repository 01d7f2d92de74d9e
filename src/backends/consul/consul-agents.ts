import { consulWorkerSpec } from './consul-options.js';
import type { ConsulAgentsOptions, ConsulOptions } from './consul-options.js';
import { consul as consulAgent } from './consul-registry.js';
import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { chainOf } from '../../registries/chain.js';
import { asGiven } from '../../registries/ranking.js';
import type { Registry } from '../../contracts/registry.js';
import { parseDuration } from '../../core/duration.js';

const DEFAULT_FAILURES = 3;
const DEFAULT_OPEN_FOR_MS = 30_000;

/**
 * Registers with Consul through the agent beside the service, or through one of several agents of one datacenter.
 * With several, the first that answers holds the registration; after a failover, the stale entry on the failed agent
 * is removed once that agent answers again. Throws `ConfigError` for options that cannot work. Loads and connects
 * nothing until first use. Consul ignores case: its readers see ids that differ only in case as one entry.
 */
export function consul(options: ConsulAgentsOptions = {}): Registry {
  const { breaker = {}, ...connection } = options;
  const issues: ConfigIssue[] = [];
  const { failures = DEFAULT_FAILURES } = breaker;
  const openForMs = parseDuration(breaker.openFor ?? DEFAULT_OPEN_FOR_MS);
  if (!Number.isInteger(failures) || failures < 1)
    issues.push({ field: 'breaker.failures', value: failures, allowed: 'a whole number of at least 1' });
  if (openForMs === undefined || openForMs === 0)
    issues.push({ field: 'breaker.openFor', value: breaker.openFor, allowed: "a duration, e.g. '30s'" });
  const agents = createAgents(connection, issues);
  const [only] = agents;
  if (only === undefined || openForMs === undefined || issues.length > 0) throw new ConfigError(issues);
  if (agents.length === 1) return only;
  const patience = { failures, outlastMs: 0, trialAfterMs: openForMs, longestMs: openForMs };
  return chainOf(agents, {
    name: 'consul',
    patience,
    forRegistration: asGiven,
    forReading: asGiven,
    workerSpec: consulWorkerSpec(options),
  });
}

/** Creates one registry per agent. Adds each problem to `issues` once, even if several agents share it. */
function createAgents(options: ConsulOptions, issues: ConfigIssue[]): Registry[] {
  const { endpoints } = options;
  const several = Array.isArray(endpoints) && endpoints.length > 1 ? endpoints : undefined;
  if (several !== undefined && new Set(several).size < several.length)
    issues.push({ field: 'endpoints', value: `${String(several.length)} endpoints`, allowed: 'each agent once' });
  return (several ?? [undefined]).flatMap((endpoint, index) => {
    try {
      return endpoint === undefined
        ? consulAgent(options)
        : consulAgent({ ...options, endpoints: [endpoint] }, `consul at ${withoutCredentials(endpoint)}`);
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      for (const issue of thrown.issues) {
        const field =
          endpoint === undefined ? issue.field : issue.field.replace(/^endpoints\[0\]/, `endpoints[${String(index)}]`);
        if (!issues.some((known) => known.field === field)) issues.push({ ...issue, field });
      }
      return [];
    }
  });
}

/** The endpoint as part of a name: without scheme, credentials and trailing slash. */
function withoutCredentials(endpoint: unknown): string {
  return String(endpoint)
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/^[^/?#\\]*@/, '')
    .replace(/\/$/, '');
}
