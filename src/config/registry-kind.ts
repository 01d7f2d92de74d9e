import type { ConfigIssue } from '../core/errors.js';
import { registryKinds, serviceVariables } from './env.js';
import type { ServiceEnv } from './env.js';

/** The problem of `SERVICE_REGISTRY`; undefined when it is valid or not set. */
export function registryKindIssue({ registry }: ServiceEnv): ConfigIssue | undefined {
  if (registry === undefined || registryKinds.some((kind) => kind === registry)) return undefined;
  return { field: serviceVariables.registry.variable, value: registry, allowed: `one of ${registryKinds.join(', ')}` };
}
