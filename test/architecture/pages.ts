import { codeIn, tableRows } from './markdown-tables.js';
import { filesBelow, read } from './source-tree.js';

/** The page that a newcomer reads first; every other one is linked from it. */
export const topPage = 'README.md';

/** Every reference page, beside its subject. */
export const referencePages: readonly string[] = ['examples', 'src', 'test']
  .flatMap(filesBelow)
  .filter((path) => path.endsWith('/README.md'));

/** Every page for users and for contributors. */
export const allPages: readonly string[] = [
  topPage,
  ...referencePages,
  ...filesBelow('.github').filter((path) => path.endsWith('.md')),
];

/** A table whose rows begin with names in code marks. */
export interface NamesTable {
  readonly page: string;
  /** Its first heading. */
  readonly heading: string;
}

export const tables = {
  options: { page: 'src/config/README.md', heading: 'Option' },
  mostSetOptions: { page: topPage, heading: 'Most set' },
  components: { page: 'src/health/README.md', heading: 'Component' },
  events: { page: 'src/telemetry/README.md', heading: 'Event' },
  errors: { page: 'src/core/README.md', heading: 'Error' },
  promises: { page: topPage, heading: 'Promise' },
  proofs: { page: 'test/prove/README.md', heading: 'Promise' },
  benches: { page: 'test/bench/README.md', heading: 'Cost' },
  examples: { page: 'examples/README.md', heading: 'Question' },
} satisfies Record<string, NamesTable>;

/** Cells of the body rows of a table. Throws when the page has no such table. */
export function rowsOf({ page, heading }: NamesTable): string[][] {
  const rows = tableRows(read(page), heading);
  if (rows.length === 0) throw new Error(`${page} has no table whose first heading is ${heading}`);
  return rows;
}

/** Names in code marks at the start of each row: `` `a`, `b` `` is two. */
export function namesIn(table: NamesTable): string[] {
  return rowsOf(table).flatMap(([first = '']) => codeIn(first));
}

/** The last cell of each row by the names at its start. A row of several names has a default for each, or one for all. */
export function defaultsIn(table: NamesTable): Map<string, string> {
  return new Map(
    rowsOf(table).flatMap((cells) => {
      const names = codeIn(cells[0] ?? '');
      const value = cells.at(-1) ?? '';
      const values = value.split(', ');
      return names.map((name, i) => [name, (values.length === names.length ? values[i] : undefined) ?? value] as const);
    }),
  );
}

export interface Snippet {
  /** Where it stands, e.g. `src/health/README.md 2`: its page and its number there. */
  readonly place: string;
  readonly code: string;
}

/** The code as it can be compiled and run here, where two releases of undici are installed under names of their own. */
export function runnable(code: string): string {
  return code.replaceAll("'undici'", "'undici7'");
}

/** Every fenced `ts` or `js` block of a page, in order. */
export function snippetsOf(page: string): Snippet[] {
  return [...read(page).matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map((match, i) => ({
    place: `${page} ${String(i + 1)}`,
    code: match[1]!,
  }));
}
