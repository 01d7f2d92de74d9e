import { readFileSync } from 'node:fs';

/**
 * The content of one golden file. Golden files are edited by hand: a changed byte is a format that processes of another
 * version cannot read. The order of keys counts, because tests compare what `JSON.stringify` makes of a value.
 */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8')) as T;
}
