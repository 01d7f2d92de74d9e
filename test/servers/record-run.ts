import { readFile, writeFile } from 'node:fs/promises';
import type { Row } from './row.js';
import { targets } from './targets.js';
import type { Target } from './targets.js';
import { versionTable, withTable } from './version-table.js';
import type { Run } from './version-table.js';

const results = new URL('results.json', import.meta.url);
const page = new URL('README.md', import.meta.url);

/** Keeps the last whole run on a server on which nothing was red, and writes the table of the page from all of them. */
export async function recordRun({ name, product, version }: Target, rows: readonly Row[]): Promise<void> {
  const run: Run = {
    name,
    product,
    version,
    date: new Date().toISOString().slice(0, 10),
    command: `npm run test:servers ${name}`,
    parts: rows.map(({ part, outcome, detail }) => ({ part, outcome, detail })),
  };
  const others = (JSON.parse(await readFile(results, 'utf8')) as Run[]).filter((one) => one.name !== name);
  const order = targets.map((target) => target.name);
  const runs = [...others, run].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  await writeFile(results, `${JSON.stringify(runs, null, 2)}\n`);
  await writeFile(page, withTable(await readFile(page, 'utf8'), versionTable(targets, runs)));
}
