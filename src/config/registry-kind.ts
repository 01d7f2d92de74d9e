import { readOnlyFault } from '../contracts/read-only-fault.js';
import type { ConfigIssue } from '../core/errors.js';
import { readOnlyKinds, registryKinds, serviceVariables } from './env.js';
import type { ServiceEnv } from './env.js';

/** The problem of `SERVICE_REGISTRY` for a reader; undefined when it is valid or not set. */
export function registryKindIssue({ registry }: ServiceEnv): ConfigIssue | undefined {
  const kinds: readonly string[] = [...registryKinds, ...readOnlyKinds];
  return registry === undefined || kinds.includes(registry) ? undefined : issue(registry, `one of ${kinds.join(', ')}`);
}

/** The same for a Registrar, which cannot register with a registry that is read-only. */
export function registrationKindIssue({ registry }: ServiceEnv): ConfigIssue | undefined {
  if (registry === undefined || registryKinds.some((kind) => kind === registry)) return undefined;
  const isReadOnly = readOnlyKinds.some((kind) => kind === registry);
  return issue(registry, isReadOnly ? readOnlyFault(registry) : `one of ${registryKinds.join(', ')}`);
}

function issue(registry: string, allowed: string): ConfigIssue {
  return { field: serviceVariables.registry.variable, value: registry, allowed };
}
