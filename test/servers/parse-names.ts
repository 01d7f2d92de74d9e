import { targets } from './targets.js';
import type { Target } from './targets.js';

export interface Wanted {
  readonly targets: readonly Target[];
  readonly isQuick: boolean;
}

/** What a command line asks for, or what is wrong with it. */
export function parseNames(words: readonly string[]): Wanted | string {
  const names = words.filter((word) => word !== '--quick');
  const known = targets.map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    return `There is no ${unknown.join(', ')}. Usage: npm run test:servers -- [--quick] [${known.join('] [')}]`;
  return {
    targets: names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name)),
    isQuick: words.includes('--quick'),
  };
}
