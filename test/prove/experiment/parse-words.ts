import { parseArgs } from 'node:util';
import type { AskedOptions, Catalogue, Experiment, OptionKind, OwnOptions } from './experiment.js';

export interface Asked {
  readonly name: string;
  readonly load: () => Promise<Experiment>;
  readonly runs: number | undefined;
  readonly seed: number;
  readonly options: AskedOptions;
}

/** What every experiment has. */
const common: OwnOptions = { runs: 'number', seed: 'number' };

/** What a command line asks for, or what is wrong with it. */
export function parseWords(catalogue: Catalogue, words: readonly string[]): Asked | string {
  // The name may stand anywhere, and only with it the options are known: what does not belong is found in the second look.
  const { positionals } = parseArgs({
    args: [...words],
    strict: false,
    options: argsOf(Object.assign({}, common, ...Object.values(catalogue).map(ownOptions)) as OwnOptions),
  });
  const [name = ''] = positionals;
  const entry = Object.hasOwn(catalogue, name) ? catalogue[name] : undefined;
  if (entry === undefined || positionals.length !== 1)
    return positionals.length > 1
      ? `One name at a time, not ${positionals.join(' ')}.`
      : `No experiment is called '${name}'.`;
  const kinds = { ...common, ...ownOptions(entry) };
  try {
    const { values } = parseArgs({ args: [...words], allowPositionals: true, options: argsOf(kinds) });
    const asked: Record<string, number | boolean | string> = {};
    for (const [option, given] of Object.entries(values)) {
      const value = valueOf(kinds[option] ?? 'switch', given as string | boolean);
      if (value === undefined) return `--${option} takes ${takes(kinds[option] ?? 'switch')}, not '${String(given)}'.`;
      asked[option] = value;
    }
    const { runs, seed, ...options } = asked;
    return {
      name,
      load: typeof entry === 'function' ? entry : entry.load,
      runs: runs as number | undefined,
      seed: (seed as number | undefined) ?? Math.floor(Math.random() * 2 ** 31),
      options,
    };
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

export function usage(catalogue: Catalogue): string {
  const lines = Object.entries(catalogue).map(
    ([name, entry]) =>
      `  ${[name, ...Object.entries(ownOptions(entry)).map(([option, kind]) => `[--${option}${kind === 'switch' ? '' : ` ${takes(kind)}`}]`)].join(' ')}`,
  );
  return ['Usage: <name> [--runs N] [--seed S], where <name> is one of', ...lines].join('\n');
}

function ownOptions(entry: Catalogue[string]): OwnOptions {
  return typeof entry === 'function' ? {} : entry.options;
}

function argsOf(kinds: OwnOptions): Record<string, { type: 'string' | 'boolean' }> {
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      { type: kind === 'switch' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
}

function valueOf(kind: OptionKind, given: string | boolean): number | boolean | string | undefined {
  if (kind === 'switch' || typeof given === 'boolean') return given;
  if (kind !== 'number') return kind.includes(given) ? given : undefined;
  const number = Number(given);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

function takes(kind: OptionKind): string {
  if (kind === 'switch') return 'nothing';
  return kind === 'number' ? 'N' : kind.join('|');
}
