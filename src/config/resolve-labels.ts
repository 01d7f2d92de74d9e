import { ConfigError } from '../errors.js';
import type { ConfigIssue } from '../errors.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import { isObject } from './asked.js';
import type { Values } from './asked.js';
import { nearest } from './nearest.js';
import type { RegistrarOptions } from './options.js';
import { resolveConfig } from './resolve.js';
import { hasTemplate } from './templates.js';

/** What can change while an instance runs. */
const labelNames = ['tags', 'meta', 'weights'] as const;

/** The tags, meta and weights that are wanted: those of the options and, over them, those of a live source. */
export class Labels {
  readonly #options: RegistrarOptions;
  readonly #live: Values;
  readonly #wanted: Pick<ServiceInstance, (typeof labelNames)[number]>;

  /** Throws `ConfigError` when they cannot be used. */
  constructor(options: RegistrarOptions, live: Values = {}) {
    this.#options = options;
    this.#live = live;
    const { tags, meta, weights } = resolveConfig(overlay(options, live));
    this.#wanted = { tags, meta, ...(weights && { weights }) };
  }

  /** With these options in place of the former ones. Throws `ConfigError`. */
  changed(changes: Pick<RegistrarOptions, (typeof labelNames)[number]>): Labels {
    return new Labels({ ...this.#options, ...changes }, this.#live);
  }

  /** With what a live source says now in place of what it said before. Throws `ConfigError`. */
  overlaid(live: unknown): Labels {
    const issues = foreign(live);
    if (issues.length > 0) throw new ConfigError(issues);
    return new Labels(this.#options, live as Values);
  }

  /** The instance with these labels. */
  on({ weights: _former, ...instance }: ServiceInstance): ServiceInstance {
    return { ...instance, ...this.#wanted };
  }
}

/** Meta pairs are laid one by one, everything else whole. */
function overlay(options: RegistrarOptions, live: Values): RegistrarOptions {
  const meta = isObject(live['meta']) ? { ...options.meta, ...live['meta'] } : live['meta'];
  return { ...options, ...live, ...(meta !== undefined && { meta }) } as RegistrarOptions;
}

/** What a live source must not say. Values are not shown: what was not meant for us may be a secret. */
function foreign(live: unknown): ConfigIssue[] {
  if (!isObject(live)) return [{ field: 'the whole', value: Array.isArray(live) ? 'an array' : typeof live, allowed: `an object with any of ${labelNames.join(', ')}` }];
  const unknown = Object.keys(live).filter((key) => !labelNames.some((label) => label === key));
  const texts = [live['tags'], live['meta']].flatMap((values) => (typeof values === 'object' && values !== null ? (Object.values(values) as unknown[]) : []));
  return [
    ...unknown.map((field) => ({ field, value: '(not shown)', allowed: `not here: a config source gives ${labelNames.join(', ')}${meant(field)}` })),
    // A template would hand out whatever the environment holds to whoever can write to the source.
    ...(texts.some((text) => typeof text === 'string' && hasTemplate(text)) ? [{ field: 'tags, meta', value: '{{', allowed: 'finished texts: templates are for options' }] : []),
  ];
}

function meant(field: string): string {
  const name = nearest(field, labelNames);
  return name === undefined ? '' : `; did you mean \`${name}\`?`;
}
