import { safeParse } from 'valibot';
import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { isObject, mergeSources } from './merge-sources.js';
import type { Values } from './merge-sources.js';
import { readServiceEnv } from './env.js';
import type { ServiceEnv } from './env.js';
import { closestName } from '../core/closest-name.js';
import type { RegistrarOptions } from './options.js';
import { renderValues } from './render-values.js';
import { labelsSchema } from './schema.js';
import { hasTemplate, processFacts } from './templates.js';
import type { TemplateFacts } from './templates.js';

/** What can change while an instance runs. */
const labelNames = ['tags', 'meta', 'weights'] as const;
type LabelName = (typeof labelNames)[number];

/** Labels by where they come from, a later one over those before it. Templates are filled in. */
interface Layers {
  readonly environment: Values;
  readonly options: Values;
  readonly live: Values;
}

/**
 * The tags, meta and weights that are wanted: those of the options over those of the environment and, over both, those of a live
 * source. The environment is read once, for it may change or break while the instance runs.
 */
export class Labels {
  readonly #layers: Layers;
  readonly #facts: TemplateFacts;
  readonly #wanted: Pick<ServiceInstance, LabelName>;

  private constructor(layers: Layers, facts: TemplateFacts) {
    this.#layers = layers;
    this.#facts = facts;
    this.#wanted = checked(overlay(overlay(layers.environment, layers.options), layers.live));
  }

  /** Those that a service starts with. Throws `ConfigError` when they cannot be used. */
  static of(
    options: RegistrarOptions,
    env: ServiceEnv = readServiceEnv(),
    facts: TemplateFacts = processFacts,
  ): Labels {
    const environment = rendered(labelsIn(mergeSources({}, env).values), facts);
    return new Labels({ environment, options: rendered(labelsIn({ ...options }), facts), live: {} }, facts);
  }

  /** With these in place of the options' own. Throws `ConfigError`. */
  changed(changes: Pick<RegistrarOptions, LabelName>): Labels {
    const options = { ...this.#layers.options, ...rendered(labelsIn({ ...changes }), this.#facts) };
    return new Labels({ ...this.#layers, options }, this.#facts);
  }

  /** With what a live source says now in place of what it said before. Throws `ConfigError`. */
  overlaid(live: unknown): Labels {
    const issues = foreign(live);
    if (issues.length > 0) throw new ConfigError(issues);
    return new Labels({ ...this.#layers, live: labelsIn(live as Values) }, this.#facts);
  }

  /** The instance with these labels. */
  on({ weights: _former, ...instance }: ServiceInstance): ServiceInstance {
    return { ...instance, ...this.#wanted };
  }
}

/** The labels among the values; one that is set to undefined is not set. */
function labelsIn(values: Values): Values {
  return Object.fromEntries(labelNames.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
}

/** Throws `ConfigError` for a template that cannot be filled in. */
function rendered(labels: Values, facts: TemplateFacts): Values {
  const { values, faults } = renderValues(labels, facts);
  if (faults.length > 0)
    throw new ConfigError(faults.map(({ path, ...fault }) => ({ field: path.join('.'), ...fault })));
  return values;
}

/** Meta pairs are laid one by one, everything else whole. */
function overlay(below: Values, above: Values): Values {
  const meta =
    isObject(below['meta']) && isObject(above['meta']) ? { meta: { ...below['meta'], ...above['meta'] } } : {};
  return { ...below, ...above, ...meta };
}

/** Throws one `ConfigError` that names every problem. */
function checked(labels: Values): Pick<ServiceInstance, LabelName> {
  const { success, output, issues = [] } = safeParse(labelsSchema, labels);
  if (!success) {
    const problems = issues.map(({ path, input, message }) => ({
      field: pathOf(path),
      value: input,
      allowed: message,
    }));
    throw new ConfigError(problems);
  }
  const { tags = [], meta = {}, weights } = output;
  return { tags, meta, ...(weights && { weights }) };
}

function pathOf(path: readonly { readonly key: unknown }[] = []): string {
  return path.map(({ key }) => String(key)).join('.');
}

/** What a live source must not say. Values are not shown: what was not meant for us may be a secret. */
function foreign(live: unknown): ConfigIssue[] {
  if (!isObject(live))
    return [
      {
        field: 'the whole',
        value: Array.isArray(live) ? 'an array' : typeof live,
        allowed: `an object with any of ${labelNames.join(', ')}`,
      },
    ];
  const unknown = Object.keys(live).filter((key) => !labelNames.some((label) => label === key));
  const texts = [live['tags'], live['meta']].flatMap((values) =>
    typeof values === 'object' && values !== null ? (Object.values(values) as unknown[]) : [],
  );
  return [
    ...unknown.map((field) => ({
      field,
      value: '(not shown)',
      allowed: `not here: a config source gives ${labelNames.join(', ')}${meant(field)}`,
    })),
    // A template would hand out values of the environment to everyone who can write to the source.
    ...(texts.some((text) => typeof text === 'string' && hasTemplate(text))
      ? [{ field: 'tags, meta', value: '{{', allowed: 'finished texts: templates are for options' }]
      : []),
  ];
}

function meant(field: string): string {
  const name = closestName(field, labelNames);
  return name === undefined ? '' : `; did you mean \`${name}\`?`;
}
