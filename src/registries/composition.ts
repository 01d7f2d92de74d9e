import type { ConfigIssue } from '../core/errors.js';
import type { Registry } from '../contracts/registry.js';
import { registryFault } from '../contracts/registry-fault.js';
import type { BuiltInKind, WorkerSpec } from '../contracts/worker-spec.js';

/** What is wrong with the registries of a composition. */
export function chainIssues(composition: string, registries: unknown): ConfigIssue[] {
  const allowed = `an array of at least two registries in different places, e.g. ${composition}([consul(), file()])`;
  const shown = {
    field: `${composition} registries`,
    value: Array.isArray(registries) ? `${String(registries.length)} of them` : registries,
    allowed,
  };
  if (!Array.isArray(registries) || registries.length < 2) return [shown];
  const faults = registries.flatMap((registry, index) => {
    const fault = registryFault(registry);
    return fault === undefined
      ? []
      : [{ field: `${composition} registries[${String(index)}]`, value: registry as unknown, allowed: fault }];
  });
  if (faults.length > 0) return faults;
  const places = (registries as Registry[]).flatMap(({ endpoint }) =>
    endpoint === undefined ? [] : `${endpoint.host}:${String(endpoint.port)}`,
  );
  // One place under two names would be cleared as the other one's leftover.
  const isTwice = new Set(registries).size < registries.length || new Set(places).size < places.length;
  return isTwice ? [shown] : [];
}

/** What a worker thread needs to build the composition again; undefined: not every member can be built there. */
export function chainWorkerSpec(
  kind: BuiltInKind,
  registries: readonly Registry[],
  options: object,
): WorkerSpec | undefined {
  const members = registries.flatMap(({ workerSpec }) => workerSpec ?? []);
  return members.length === registries.length ? { kind, options, members } : undefined;
}
