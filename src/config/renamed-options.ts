import type { RegistrarOptions } from './options.js';

/** Warns of options under a former name, which still works. */
export function renamedOptions({ shutdown }: RegistrarOptions): string[] {
  if (shutdown?.crash === undefined) return [];
  const note = shutdown.onExit === undefined ? 'which it sets' : 'which takes precedence';
  return [`shutdown.crash is the old name of shutdown.onExit, ${note}: rename it`];
}
