import { RegistryRejectedError } from '../../core/errors.js';
import { isAddressable } from '../../contracts/addressable.js';
import type { ConsulTarget } from './consul-options.js';

/** Enterprise tenancy: what an instance or a key says, before what the registry was given. */
export interface Scope {
  readonly namespace?: string;
  readonly partition?: string;
}

/** A path below `/v1` with its query; `tail` is a service name, an instance id or a check id. Throws when no path can carry it. */
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

/** A path that needs no encoding, with its query. */
export function withQuery(
  path: string,
  scope: Scope,
  target: ConsulTarget,
  query: Readonly<Record<string, string>> = {},
): string {
  const namespace = scope.namespace ?? target.namespace;
  const partition = scope.partition ?? target.partition;
  const parameters = new URLSearchParams({
    ...query,
    ...(namespace !== undefined && { ns: namespace }),
    ...(partition !== undefined && { partition }),
  });
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/** Throws for an id or name that no Consul URL can carry: the agent would take it in a register body, and then nobody could beat or remove it. */
export function assertAddressable(text: string): void {
  if (isAddressable(text)) return;
  throw new RegistryRejectedError(
    `Consul cannot address ${JSON.stringify(text)}: a name or id must be of characters that print, without '%', and without segments between slashes that are empty, '.' or '..'`,
    { registry: 'consul' },
  );
}
