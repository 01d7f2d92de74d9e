import type { Interval, Spread } from './statistics.js';

/** Rows under a head line, columns as wide as they need to be; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n');
}

/** One row a series of measurements. */
export function spreadTable(series: Readonly<Record<string, Spread>>): string {
  const columns = ['n', 'min', 'p50', 'p90', 'p99', 'max'] as const;
  return table(
    ['', ...columns],
    Object.entries(series).map(([name, spread]) => [name, ...columns.map((column) => spread[column])]),
  );
}

/** One row a series, with the interval that its median lies in. */
export function intervalTable(series: Readonly<Record<string, Interval>>): string {
  return table(
    ['', 'n', '95 % from', 'median', '95 % to'],
    Object.entries(series).map(([name, { n, low, median, high }]) => [name, n, low, median, high]),
  );
}
