import { codeIn, tableRows } from './markdown-tables.js';
import { read } from './source-tree.js';

/** Cells of the body rows of every table in the README whose first heading is `heading`. */
export function readmeRows(heading: string): string[][] {
  return tableRows(read('README.md'), heading);
}

/** Names in code marks at the start of each row: `` `a`, `b` `` is two, `` `x.{a,b}.y` `` is `x.a.y` and `x.b.y`. */
export function readmeNames(heading: string): string[] {
  return readmeRows(heading).flatMap(([first = '']) => codeIn(first).flatMap(expandBraces));
}

/** Code of every fenced `ts` or `js` block, in order. */
export function readmeSnippets(): string[] {
  return [...read('README.md').matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
}

function expandBraces(name: string): string[] {
  const [, before, inner, after] = /^(.*?)\{(.*?)\}(.*)$/.exec(name) ?? [];
  if (before === undefined || inner === undefined || after === undefined) return [name];
  return inner.split(',').flatMap((part) => expandBraces(before + part.trim() + after));
}
