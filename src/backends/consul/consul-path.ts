import { RegistryRejectedError } from '../../core/errors.js';
import { isAddressable } from '../../contracts/addressable.js';
import type { ConsulTarget } from './consul-options.js';

/** Consul Enterprise tenancy. The values of an instance or a key take precedence over those of the registry. */
export interface Scope {
  readonly namespace?: string;
  readonly partition?: string;
}

/**
 * Builds a path below `/v1` with its query. `tail` is a service name, an instance id or a check id. Throws if no path
 * can carry it.
 */
export function consulPath(
  base: string,
  tail: string,
  scope: Scope,
  target: ConsulTarget,
  query: Readonly<Record<string, string>> = {},
): string {
  assertAddressable(tail);
  return withQuery(`${base}${encodeURIComponent(tail)}`, scope, target, query);
}

/** Adds the query to a path that needs no encoding. */
export function withQuery(
  path: string,
  scope: Scope,
  target: ConsulTarget,
  query: Readonly<Record<string, string>> = {},
): string {
  const namespace = scope.namespace ?? target.namespace;
  const partition = scope.partition ?? target.partition;
  const parameters = {
    ...query,
    ...(namespace !== undefined && { ns: namespace }),
    ...(partition !== undefined && { partition }),
  };
  return Object.keys(parameters).length === 0 ? path : `${path}?${new URLSearchParams(parameters).toString()}`;
}

/**
 * Throws for an id or name that no Consul URL can carry. The agent would accept it in a register body, but no request
 * could then renew or remove the entry.
 */
export function assertAddressable(text: string): void {
  if (isAddressable(text)) return;
  throw new RegistryRejectedError(
    `Consul cannot address ${JSON.stringify(text)}, so nothing was sent: use a name or id of printable characters, ` +
      "without '%', and without segments between slashes that are empty, '.' or '..'",
    { registry: 'consul' },
  );
}
