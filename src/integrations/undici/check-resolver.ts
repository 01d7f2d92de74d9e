import { ConfigError } from '../../core/errors.js';
import type { Resolver } from '../../discovery/resolver.js';

/** Throws `ConfigError` for anything else than a resolver. */
export function checkResolver(resolver: Resolver): void {
  if (typeof (resolver as Partial<Resolver> | undefined)?.service !== 'function')
    throw new ConfigError([{ field: 'resolver', value: resolver, allowed: 'what createResolver() returns' }]);
}
