import { readFileSync } from 'node:fs';

/**
 * The content of one golden file. These files are edited by hand: each changed byte parts us from processes of another version
 * that share a registry. The order of keys counts, because tests compare what `JSON.stringify` makes of a value.
 */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), 'utf8')) as T;
}
