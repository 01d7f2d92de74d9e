import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { mergeSources } from './merge-sources.js';
import type { Config } from './config.js';
import { configWarnings, crossFieldIssues, nameIssues } from './cross-field-rules.js';
import { applyDefaults } from './apply-defaults.js';
import { drainIssue, readRunContext, whyNoDrain } from './drain-context.js';
import type { RunContext } from './drain-context.js';
import { readServiceEnv } from './env.js';
import type { ServiceEnv } from './env.js';
import type { RegistrarOptions } from './options.js';
import { registrationKindIssue } from './registry-kind.js';
import { renamedOptions } from './renamed-options.js';
import { renderValues } from './render-values.js';
import { checkOptions } from './schema.js';
import { serviceLinkWarnings } from './service-links.js';
import type { CheckedOptions } from './schema.js';
import { unannouncedStops } from './stop-signals.js';
import type { Platform } from './stop-signals.js';
import { processFacts } from './templates.js';
import type { TemplateFacts } from './templates.js';

/**
 * Determines every setting: options take precedence over the environment, and that over the defaults. Merges meta pair
 * by pair. Throws one `ConfigError` that lists every problem; makes no network request.
 */
export function resolveConfig(
  options: RegistrarOptions = {},
  env: ServiceEnv = readServiceEnv(),
  facts: TemplateFacts = processFacts,
  context: RunContext = readRunContext(),
  platform: Platform = process.platform,
): Config {
  const sources = mergeSources(options, env);
  const { values, faults } = renderValues(sources.values, facts);
  const { output, issues = [] } = checkOptions(values);
  const paths = issues.map(({ path = [] }) => path.map(({ key }) => String(key)));
  const problems: ConfigIssue[] = [
    ...faults.map(({ path, ...fault }) => ({ field: sources.sourceOf(path), ...fault })),
    ...issues.map(({ input, message }, index) => ({
      field: sources.sourceOf(paths[index] ?? []),
      value: input,
      allowed: message,
    })),
  ];

  // Drops the values that are invalid by themselves, so that the rules between the others are still checked.
  const config = applyDefaults(paths.reduce<unknown>(without, output) as CheckedOptions, platform);
  const wrong = paths.map((path) => path.join('.'));
  const isWrong = (field: string) => wrong.some((path) => field === path || field.startsWith(`${path}.`));
  for (const { field, ...problem } of [...nameIssues(config, isWrong), ...crossFieldIssues(config, isWrong)]) {
    problems.push({ field: sources.sourceOf(field.split('.')), ...problem });
  }
  const drain = drainIssue(env);
  if (drain !== undefined) problems.push(drain);
  const registry = sources.values['registry'] === undefined ? registrationKindIssue(env) : undefined;
  if (registry !== undefined) problems.push(registry);
  if (problems.length > 0) throw new ConfigError(problems);
  const noDrain = whyNoDrain(output as CheckedOptions, env, context);
  const unannounced = unannouncedStops(config.signals, config.ttlMs, platform);
  const warnings = [
    ...configWarnings(config),
    ...serviceLinkWarnings(env.serviceLinks),
    ...renamedOptions(options),
    ...(unannounced === undefined ? [] : [unannounced]),
  ];
  return { ...config, noDrain, warnings };
}

/** A copy without the value at the path. */
function without(value: unknown, [key = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { [key]: inner, ...others } = value as Record<string, unknown>;
  return rest.length === 0 ? others : { ...others, [key]: without(inner, rest) };
}
