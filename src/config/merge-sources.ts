import { serviceVariables } from './env.js';
import type { ServiceEnv } from './env.js';
import { splitTags } from './tag-list.js';

/** Options by name, unchecked. */
export type Values = Readonly<Record<string, unknown>>;

/** What was asked for, unchecked, before any default. */
export interface MergedSources {
  readonly values: Values;
  /** What to call the value at a path in a message: the option, or the variable when that is where it came from. */
  sourceOf(path: readonly string[]): string;
}

/** Lays the options, whatever a caller took for some, over the environment. Meta pairs are laid one by one, everything else whole. */
export function mergeSources(options: unknown, env: ServiceEnv): MergedSources {
  const given = isObject(options) ? defined(options) : {};
  const fromEnv = defined(asOptions(env));
  const meta = isObject(given['meta']) ? { ...env.meta, ...given['meta'] } : given['meta'];
  return {
    values: { name: undefined, ...fromEnv, ...given, ...defined({ meta }) },
    sourceOf(path) {
      const [top = '', key] = path;
      if (top === 'meta' && key !== undefined) {
        const own = isObject(given['meta']) && Object.hasOwn(given['meta'], key);
        return own ? path.join('.') : serviceVariables.meta.variable.replace('<KEY>', key.toUpperCase());
      }
      return top in fromEnv && !(top in given) ? serviceVariables[top as keyof ServiceEnv].variable : path.join('.');
    },
  };
}

/** The environment's texts as the values that the options would have. */
function asOptions({ registry: _kind, port, tags, meta, ...texts }: ServiceEnv): Values {
  return {
    ...texts,
    // Anything but digits stays text, for the schema to refuse and show as it was written.
    port: port !== undefined && /^\d+$/.test(port) ? Number(port) : port,
    tags: tags === undefined ? undefined : splitTags(tags),
    meta: Object.keys(meta).length > 0 ? meta : undefined,
  };
}

/** An option set to undefined is one not set. */
function defined(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** True for what has pairs of keys and values. */
export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
