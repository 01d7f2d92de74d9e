import type { ServiceInstance } from '../contracts/service-instance.js';
import type { Entry } from '../contracts/registry.js';

/**
 * The fields that differ from what was written. Values that the registry adds (default weights, its own address),
 * checks that others added and overridable tags do not count.
 */
export function driftOf(instance: ServiceInstance, entry: Entry, probes: boolean): string[] {
  const { tags, meta, weights, address, port, tagsOverridable } = entry.instance;
  const kinds = new Set(entry.checks.map(({ kind }) => kind));
  const differs: Record<string, boolean> = {
    tags: tagsOverridable !== true && !sameMembers(instance.tags, tags),
    meta: !samePairs(instance.meta, meta),
    weights: instance.weights !== undefined && !samePairs({ ...instance.weights }, { ...weights }),
    address: instance.address !== undefined && instance.address !== address,
    port: instance.port !== port,
    checks: probes && instance.checks.some(({ kind }) => !kinds.has(kind)),
  };
  return Object.keys(differs).filter((field) => differs[field]);
}

function sameMembers(sent: readonly string[], found: readonly string[]): boolean {
  const wanted = new Set(sent);
  return wanted.size === new Set(found).size && found.every((tag) => wanted.has(tag));
}

function samePairs(sent: Readonly<Record<string, unknown>>, found: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(sent);
  return (
    keys.length === Object.keys(found).length &&
    keys.every((key) => Object.hasOwn(found, key) && found[key] === sent[key])
  );
}
