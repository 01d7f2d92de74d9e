import { safeParse } from 'valibot';

import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { mergeSources } from './merge-sources.js';
import type { Config } from './config.js';
import { configWarnings, crossFieldIssues, nameIssues } from './cross-field-rules.js';
import { applyDefaults } from './apply-defaults.js';
import { readServiceEnv } from './env.js';
import type { ServiceEnv } from './env.js';
import type { RegistrarOptions } from './options.js';
import { registryKindIssue } from './registry-kind.js';
import { renderValues } from './render-values.js';
import { optionsSchema } from './schema.js';
import type { CheckedOptions } from './schema.js';
import { processFacts } from './templates.js';
import type { TemplateFacts } from './templates.js';

/**
 * Decides every setting: explicit options win over the environment, that over the defaults. Meta pairs are merged one by one.
 * Throws one `ConfigError` that names every problem; never touches the network.
 */
export function resolveConfig(
  options: RegistrarOptions = {},
  env: ServiceEnv = readServiceEnv(),
  facts: TemplateFacts = processFacts,
): Config {
  const asked = mergeSources(options, env);
  const { values, faults } = renderValues(asked.values, facts);
  const { output, issues = [] } = safeParse(optionsSchema, values);
  const paths = issues.map(({ path = [] }) => path.map(({ key }) => String(key)));
  const problems: ConfigIssue[] = [
    ...faults.map(({ path, ...fault }) => ({ field: asked.sourceOf(path), ...fault })),
    ...issues.map(({ input, message }, index) => ({
      field: asked.sourceOf(paths[index] ?? []),
      value: input,
      allowed: message,
    })),
  ];

  // Without the values that are wrong by themselves: the others may contradict each other all the same.
  const config = applyDefaults(paths.reduce<unknown>(without, output) as CheckedOptions);
  const wrong = paths.map((path) => path.join('.'));
  const isWrong = (field: string) => wrong.some((path) => field === path || field.startsWith(`${path}.`));
  for (const { field, ...problem } of [...nameIssues(config, isWrong), ...crossFieldIssues(config, isWrong)]) {
    problems.push({ field: asked.sourceOf(field.split('.')), ...problem });
  }
  const registry = asked.values['registry'] === undefined ? registryKindIssue(env) : undefined;
  if (registry !== undefined) problems.push(registry);
  if (problems.length > 0) throw new ConfigError(problems);
  return { ...config, warnings: configWarnings(config) };
}

/** A copy that lacks what the path leads to. */
function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [key]: without(inner, rest) };
}
