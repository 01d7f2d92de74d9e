import type * as undici7 from 'undici7';
import { createRequire } from 'node:module';
import { read } from '../architecture/source-tree.js';

/** A copy of undici, by the types of 7: what the tests use of 8 is the same. */
export interface UndiciCopy {
  readonly version: string;
  readonly undici: typeof undici7;
}

const require = createRequire(import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** Those that this Node can load: 8 needs 22.19. */
export const undiciCopies: readonly UndiciCopy[] = ['undici7', 'undici8'].flatMap((name) => {
  const { version, engines } = JSON.parse(read(`node_modules/${name}/package.json`)) as {
    version: string;
    engines: { node: string };
  };
  const [needed = 0, neededMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
  if (major < needed || (major === needed && minor < neededMinor)) return [];
  return { version, undici: require(name) as UndiciCopy['undici'] };
});
