import type { ConfigIssue } from '../core/errors.js';
import type { Registry } from '../contracts/registry.js';
import { registrationFault } from '../contracts/registry-fault.js';
import type { BuiltInKind, WorkerSpec } from '../contracts/worker-spec.js';

/** Returns the problems of a composition's registries. */
export function chainIssues(composition: string, registries: unknown): ConfigIssue[] {
  const allowed = `an array of at least two registries in different places, e.g. ${composition}([consul(), file()])`;
  const issue = {
    field: `${composition} registries`,
    value: Array.isArray(registries) ? `${String(registries.length)} of them` : registries,
    allowed,
  };
  if (!Array.isArray(registries) || registries.length < 2) return [issue];
  const faults = registries.flatMap((registry, index) => {
    const fault = registrationFault(registry);
    return fault === undefined
      ? []
      : [{ field: `${composition} registries[${String(index)}]`, value: registry as unknown, allowed: fault }];
  });
  if (faults.length > 0) return faults;
  const places = (registries as Registry[]).flatMap(({ endpoint }) =>
    endpoint === undefined ? [] : `${endpoint.host}:${String(endpoint.port)}`,
  );
  // Two members with one endpoint would remove each other's entry as stale.
  const hasDuplicate = new Set(registries).size < registries.length || new Set(places).size < places.length;
  return hasDuplicate ? [issue] : [];
}

/** Describes the composition for a worker thread. Undefined if a member cannot be built there. */
export function chainWorkerSpec(
  kind: BuiltInKind,
  registries: readonly Registry[],
  options: object,
): WorkerSpec | undefined {
  const members = registries.flatMap(({ workerSpec }) => workerSpec ?? []);
  return members.length === registries.length ? { kind, options, members } : undefined;
}
