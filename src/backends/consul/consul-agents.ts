import { consulWorkerSpec } from './consul-options.js';
import type { ConsulAgentsOptions, ConsulOptions } from './consul-options.js';
import { consul as consulAgent } from './consul-registry.js';
import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { Chain } from '../../registries/chain.js';
import { asGiven } from '../../registries/ranking.js';
import type { Registry } from '../../contracts/registry.js';
import { parseDuration } from '../../core/duration.js';

const DEFAULT_FAILURES = 3;
const DEFAULT_OPEN_FOR_MS = 30_000;

/**
 * Consul through the agent beside the service, or through the first that answers of several agents of one datacenter: a registration
 * lives on one agent, and what a failover leaves on another is removed once that one answers again. Throws `ConfigError` for options
 * that cannot work; loads and connects nothing until it is first used. Consul ignores case: ids that differ in nothing else are
 * one entry to its readers.
 */
export function consul(options: ConsulAgentsOptions = {}): Registry {
  const { breaker = {}, ...connection } = options;
  const issues: ConfigIssue[] = [];
  const { failures = DEFAULT_FAILURES } = breaker;
  const openForMs = parseDuration(breaker.openFor ?? DEFAULT_OPEN_FOR_MS);
  if (!Number.isInteger(failures) || failures < 1)
    issues.push({ field: 'breaker.failures', value: failures, allowed: 'a whole number from 1 on' });
  if (openForMs === undefined || openForMs === 0)
    issues.push({ field: 'breaker.openFor', value: breaker.openFor, allowed: "a duration, e.g. '30s'" });
  const agents = agentsOf(connection, issues);
  const [only] = agents;
  if (only === undefined || openForMs === undefined || issues.length > 0) throw new ConfigError(issues);
  if (agents.length === 1) return only;
  const patience = { failures, outlastMs: 0, trialAfterMs: openForMs, longestMs: openForMs };
  return new Chain(agents, {
    name: 'consul',
    patience,
    forRegistration: asGiven,
    forReading: asGiven,
    workerSpec: consulWorkerSpec(options),
  });
}

/** One registry an agent; what is wrong with any of them is added to `issues`, each thing once. */
function agentsOf(options: ConsulOptions, issues: ConfigIssue[]): Registry[] {
  const { endpoints } = options;
  const several = Array.isArray(endpoints) && endpoints.length > 1 ? endpoints : undefined;
  if (several !== undefined && new Set(several).size < several.length)
    issues.push({ field: 'endpoints', value: `${String(several.length)} endpoints`, allowed: 'each agent once' });
  return (several ?? [undefined]).flatMap((endpoint, index) => {
    try {
      return endpoint === undefined
        ? consulAgent(options)
        : consulAgent({ ...options, endpoints: [endpoint] }, `consul at ${shown(endpoint)}`);
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

/** Credentials that a URL may carry are nobody's business. */
function shown(endpoint: unknown): string {
  return String(endpoint)
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/^[^/@]*@/, '')
    .replace(/\/$/, '');
}
