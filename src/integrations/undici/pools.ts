import { ConfigError } from '../../core/errors.js';
import type { Resolver } from '../../discovery/resolver.js';
import { calledServicesOf } from './called-services.js';
import { checkResolver } from './check-resolver.js';
import { connectOptions } from './connect-options.js';
import { OriginPool } from './origin-pool.js';
import type { AgentLike } from './origin-pool.js';

/** What an Agent hands to its factory. */
interface AgentOptions {
  readonly connect?: unknown;
}

/** Of any copy of undici: `never` stands for its `Dispatcher`, whose type cannot be named without an import. */
export type AgentFactory = (this: unknown, origin: string | URL, options: object) => never;

type AgentClass = new (options: AgentOptions) => AgentLike;

/**
 * The `factory` of an `Agent` of undici 7 or 8, for `discover(resolver)`: its pools are those that the Agent would open
 * itself, and close their idle connections when the instance leaves.
 */
export function pools(resolver: Resolver): AgentFactory {
  checkResolver(resolver);
  const opened = new Map<string, Set<OriginPool>>();
  const inside = new WeakSet<object>();
  calledServicesOf(resolver).onLeft((origin) => {
    for (const pool of opened.get(origin) ?? []) pool.retire();
  });
  // An Agent calls it as a method of its own, so that its class is at hand without an import.
  return function openPool(this: unknown, origin: string | URL, options: object): never {
    const owner = this as AgentLike;
    if (inside.has(owner)) throw notNested();
    const { origin: key, protocol, hostname } = new URL(origin);
    const open = () => {
      const agent = new (owner.constructor as AgentClass)(
        protocol === 'https:' ? { ...options, connect: connectOptions(options, hostname) } : options,
      );
      inside.add(agent);
      return agent;
    };
    const pool: OriginPool = new OriginPool(owner, open, () => {
      const others = opened.get(key);
      others?.delete(pool);
      if (others?.size === 0) opened.delete(key);
    });
    opened.set(key, (opened.get(key) ?? new Set()).add(pool));
    return pool as never;
  };
}

function notNested(): ConfigError {
  return new ConfigError([
    {
      field: 'factory',
      value: 'pools()',
      allowed: 'an option of `new Agent()` itself, not one that a subclass of Agent adds to every options object',
    },
  ]);
}
