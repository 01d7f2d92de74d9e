/** Cells of the body rows of every table whose first heading is `heading`. */
export function tableRows(markdown: string, heading: string): string[][] {
  const rows: string[][] = [];
  let inside = false;
  let previous: string[] | undefined;
  for (const line of markdown.split('\n')) {
    const cells = cellsOf(line);
    if (cells === undefined) inside = false;
    else if (cells.every((cell) => /^:?-+:?$/.test(cell))) inside = previous?.[0] === heading;
    else if (inside) rows.push(cells);
    previous = cells;
  }
  return rows;
}

/** What stands between code marks. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
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
