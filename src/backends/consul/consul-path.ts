import { RegistryRejectedError } from '../../errors.js';
import type { ConsulTarget } from './consul-options.js';

/** Enterprise tenancy: what an instance or a key says, before what the registry was given. */
export interface Scope {
  readonly namespace?: string;
  readonly partition?: string;
}

/** A path below `/v1` with its query; `tail` is a service name, an instance id or a check id. */
export function consulPath(base: string, tail: string, scope: Scope, target: ConsulTarget, query: Readonly<Record<string, string>> = {}): string {
  const namespace = scope.namespace ?? target.namespace;
  const partition = scope.partition ?? target.partition;
  const parameters = new URLSearchParams({ ...query, ...(namespace !== undefined && { ns: namespace }), ...(partition !== undefined && { partition }) });
  const path = `${base}${encodeURIComponent(tail)}`;
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/**
 * Throws for a text that no Consul URL can name. The agent would take it in a register body, and then nobody could beat or
 * remove it: it cleans dots and empty segments out of paths, and newer agents decode a percent sign twice.
 */
export function assertAddressable(field: 'id' | 'name', text: string): void {
  const segments = text.split('/');
  const lost = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  // A lone surrogate does not survive UTF-8.
  // eslint-disable-next-line no-control-regex
  if (!lost && !/[%\u0000-\u001f\u007f]/.test(text) && Buffer.from(text).toString() === text) return;
  throw new RegistryRejectedError(
    `Consul cannot address the ${field} ${JSON.stringify(text)}: choose one without '%', control characters, and segments between slashes that are empty, '.' or '..'`,
    { registry: 'consul', operation: 'register' },
  );
}
