import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { isObject, mergeSources } from './merge-sources.js';
import type { Values } from './merge-sources.js';
import { readServiceEnv } from './env.js';
import type { ServiceEnv } from './env.js';
import { MOST_META } from './field-rules.js';
import { closestName } from '../core/closest-name.js';
import type { RegistrarOptions } from './options.js';
import { renderValues } from './render-values.js';
import { checkLabels } from './schema.js';
import { hasTemplate, processFacts } from './templates.js';
import type { TemplateFacts } from './templates.js';

/** The options that can change while an instance runs. */
const labelNames = ['tags', 'meta', 'weights'] as const;
type LabelName = (typeof labelNames)[number];

/** Labels by source, in ascending precedence. Templates are rendered. */
interface Layers {
  readonly environment: Values;
  readonly options: Values;
  readonly live: Values;
}

/**
 * The desired tags, meta and weights. A live source takes precedence over the options, and they over the environment.
 * The environment is read only once, because a later change of it might make it invalid.
 */
export class Labels {
  readonly #layers: Layers;
  readonly #facts: TemplateFacts;
  readonly #desired: Pick<ServiceInstance, LabelName>;
  /** What the Registrar itself says of the instance. */
  readonly #ownMeta: ServiceInstance['meta'];

  private constructor(layers: Layers, facts: TemplateFacts, ownMeta: ServiceInstance['meta']) {
    this.#layers = layers;
    this.#facts = facts;
    this.#ownMeta = ownMeta;
    this.#desired = validate(overlay(overlay(layers.environment, layers.options), layers.live));
  }

  /** The labels at the start. Throws `ConfigError` when they are invalid. */
  static of(
    options: RegistrarOptions,
    env: ServiceEnv = readServiceEnv(),
    facts: TemplateFacts = processFacts,
  ): Labels {
    const environment = render(labelsIn(mergeSources({}, env).values), facts);
    return new Labels({ environment, options: render(labelsIn({ ...options }), facts), live: {} }, facts, {});
  }

  /** The labels after an `update()`: `changes` replace those of the options. Throws `ConfigError`. */
  changed(changes: Pick<RegistrarOptions, LabelName>): Labels {
    const options = { ...this.#layers.options, ...render(labelsIn({ ...changes }), this.#facts) };
    return new Labels({ ...this.#layers, options }, this.#facts, this.#ownMeta);
  }

  /** The labels after a change of the live source, whose former values `live` replaces. Throws `ConfigError`. */
  overlaid(live: unknown): Labels {
    const issues = liveSourceIssues(live);
    if (issues.length > 0) throw new ConfigError(issues);
    return new Labels({ ...this.#layers, live: labelsIn(live as Values) }, this.#facts, this.#ownMeta);
  }

  /** The labels with what the Registrar itself says of the instance: any other source takes precedence. */
  completedBy(ownMeta: ServiceInstance['meta']): Labels {
    return new Labels(this.#layers, this.#facts, ownMeta);
  }

  /** A copy of the instance with these labels. */
  on({ weights: _former, ...instance }: ServiceInstance): ServiceInstance {
    const { meta } = this.#desired;
    const own = Object.entries(this.#ownMeta).filter(([key]) => !Object.hasOwn(meta, key));
    // Without room for all, that of the user counts.
    const room = Math.max(0, MOST_META - Object.keys(meta).length);
    return { ...instance, ...this.#desired, meta: { ...Object.fromEntries(own.slice(0, room)), ...meta } };
  }
}

/** The labels among the values, without those that are undefined. */
function labelsIn(values: Values): Values {
  return Object.fromEntries(labelNames.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])));
}

/** Renders the templates. Throws `ConfigError` for one that cannot be rendered. */
function render(labels: Values, facts: TemplateFacts): Values {
  const { values, faults } = renderValues(labels, facts);
  if (faults.length > 0)
    throw new ConfigError(faults.map(({ path, ...fault }) => ({ field: path.join('.'), ...fault })));
  return values;
}

/** Merges meta pair by pair, and replaces everything else as a whole. */
function overlay(below: Values, above: Values): Values {
  const meta =
    isObject(below['meta']) && isObject(above['meta']) ? { meta: { ...below['meta'], ...above['meta'] } } : {};
  return { ...below, ...above, ...meta };
}

/** Throws one `ConfigError` that lists every problem. */
function validate(labels: Values): Pick<ServiceInstance, LabelName> {
  const { success, output, issues = [] } = checkLabels(labels);
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

/** What is wrong with the values of a live source. Hides the values, because a foreign one may be a secret. */
function liveSourceIssues(live: unknown): ConfigIssue[] {
  if (!isObject(live))
    return [
      {
        field: 'the content',
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
      allowed: `only ${labelNames.join(', ')} in a config source${suggestion(field)}`,
    })),
    // A template would publish variables of the environment to everyone who can write to the source.
    ...(texts.some((text) => typeof text === 'string' && hasTemplate(text))
      ? [{ field: 'tags, meta', value: '{{', allowed: 'texts without templates, which only options may have' }]
      : []),
  ];
}

function suggestion(field: string): string {
  const name = closestName(field, labelNames);
  return name === undefined ? '' : `; did you mean \`${name}\`?`;
}
