import { read } from './source-tree.js';

/** Cells of the body rows of every table in the README whose first heading is `heading`. */
export function readmeRows(heading: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  let previous: string[] | undefined;
  for (const line of read('README.md').split('\n')) {
    const cells = cellsOf(line);
    if (cells === undefined) inside = false;
    else if (cells.every((cell) => /^:?-+:?$/.test(cell))) inside = previous?.[0] === heading;
    else if (inside) rows.push(cells);
    previous = cells;
  }
  return rows;
}

/** Names in code marks at the start of each row: `` `a`, `b` `` is two, `` `x.{a,b}.y` `` is `x.a.y` and `x.b.y`. */
export function readmeNames(heading: string): string[] {
  return readmeRows(heading).flatMap(([first = '']) => codeIn(first).flatMap(expandBraces));
}

/** What stands between code marks. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

/** Code of every fenced `ts` or `js` block, in order. */
export function readmeSnippets(): string[] {
  return [...read('README.md').matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
}

function cellsOf(line: string): string[] | undefined {
  if (!/^\|.*\|\s*$/.test(line)) return undefined;
  // A bar within a cell is written `\|`.
  return line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

function expandBraces(name: string): string[] {
  const [, before, inner, after] = /^(.*?)\{(.*?)\}(.*)$/.exec(name) ?? [];
  if (before === undefined || inner === undefined || after === undefined) return [name];
  return inner.split(',').flatMap((part) => expandBraces(before + part.trim() + after));
}
