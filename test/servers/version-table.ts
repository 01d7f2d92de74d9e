import type { Outcome } from './row.js';

/** The last whole run on one server on which nothing was red, as `results.json` keeps it. */
export interface Run {
  readonly name: string;
  readonly product: string;
  readonly version: string;
  readonly date: string;
  readonly command: string;
  readonly parts: readonly { readonly part: string; readonly outcome: Outcome; readonly detail: string }[];
}

const BEGIN = '<!-- Written by `npm run test:servers`. -->';
const END = '<!-- End of what is written. -->';

/** The table of versions, as Markdown: a row for each server. */
export function versionTable(
  targets: readonly Pick<Run, 'name' | 'product' | 'version'>[],
  runs: readonly Run[],
): string {
  const rows = targets.map(({ name, product, version }) => {
    const run = runs.find((one) => one.name === name && one.version === version);
    if (run === undefined) return `| ${product} ${version} | no whole run was green yet | all | - | - |`;
    const { date, command, parts } = run;
    const ran = parts.filter(({ outcome }) => outcome !== 'not run');
    const left = parts.filter(({ outcome }) => outcome === 'not run');
    const cells = [
      `${product} ${version}`,
      ran.map(({ part, detail }) => `${part}: ${detail}`).join('; '),
      left.map(({ detail }) => detail).join('; ') || '-',
      date,
      `\`${command}\``,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| Server | Tests run | Not run | Date | Command |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** The page with this table in the place of the one that it has. */
export function withTable(page: string, table: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from === -1 || to < from) throw new Error(`The page has no place for the table: "${BEGIN}" … "${END}"`);
  return `${page.slice(0, from)}${BEGIN}\n${table}\n\n${page.slice(to)}`;
}
