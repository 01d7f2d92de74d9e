import { serviceVariables } from './env.js';
import type { ServiceEnv } from './env.js';
import { readTags } from './tag-list.js';

/** Options by name, unchecked. */
export type Values = Readonly<Record<string, unknown>>;

/** Options and environment merged, before validation and defaults. */
export interface MergedSources {
  readonly values: Values;
  /** The name of the value at `path` for messages: its option, or the variable that it comes from. */
  sourceOf(path: readonly string[]): string;
}

/** Merges `options`, of any type, over the environment: meta pair by pair, everything else as a whole. */
export function mergeSources(options: unknown, env: ServiceEnv): MergedSources {
  const explicit = isObject(options) ? defined(options) : {};
  const fromEnv = defined(asOptions(env));
  const meta = isObject(explicit['meta']) ? { ...env.meta, ...explicit['meta'] } : explicit['meta'];
  return {
    values: { name: undefined, ...fromEnv, ...explicit, ...defined({ meta }) },
    sourceOf(path) {
      const [top = '', key] = path;
      if (top === 'meta' && key !== undefined) {
        const isExplicit = isObject(explicit['meta']) && Object.hasOwn(explicit['meta'], key);
        return isExplicit ? path.join('.') : serviceVariables.meta.variable.replace('<KEY>', key.toUpperCase());
      }
      return top in fromEnv && !(top in explicit)
        ? serviceVariables[top as keyof typeof serviceVariables].variable
        : path.join('.');
    },
  };
}

/** Converts the texts of the environment to the types of the options. */
function asOptions({
  registry: _kind,
  drain: _drain,
  serviceLinks: _ignored,
  port,
  tags,
  meta,
  ...texts
}: ServiceEnv): Values {
  return {
    ...texts,
    // Anything but digits stays a text, so that the schema rejects it and the message shows it unchanged.
    port: port !== undefined && /^\d+$/.test(port) ? Number(port) : port,
    tags: tags === undefined ? undefined : readTags(tags),
    meta: Object.keys(meta).length > 0 ? meta : undefined,
  };
}

/** Drops the options that are undefined. */
function defined(values: Values): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** True for an object other than an array. */
export function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
