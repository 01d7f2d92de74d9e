// Makes dist: one implementation in CommonJS; ES modules that re-export it, so that `import` and `require` give the same classes; the
// command line, an ES module that uses it; and the declarations of both ways in.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleImplementation, bundlePrograms } from './build/bundle.mjs';
import { declarationsOf } from './build/declarations.mjs';
import { facadesOf } from './build/facades.mjs';
import { licencesOf } from './build/licences.mjs';
import { root } from './build/package.mjs';

/** Without `sideEffects` here, bundlers would not see that of the package: they read the nearest file. */
const manifestOf = (type) => `${JSON.stringify({ type, sideEffects: false })}\n`;

async function build() {
  const programs = await bundlePrograms();
  const implementation = await bundleImplementation(programs.needs);
  return new Map([
    ...programs.files,
    ...implementation.files,
    ...facadesOf(implementation.entries),
    ...declarationsOf(),
    ['cjs/package.json', manifestOf('commonjs')],
    ['esm/package.json', manifestOf('module')],
    ['THIRD-PARTY-LICENSES.txt', licencesOf(implementation.modules)],
  ]);
}

const made = join(root, `.cache/dist-${process.pid}`);
try {
  for (const [path, text] of await build()) {
    mkdirSync(dirname(join(made, path)), { recursive: true });
    writeFileSync(join(made, path), text);
  }
  // Whole or not at all: others may be reading the last one.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(made, join(root, 'dist'));
} catch (error) {
  process.exitCode = 1;
  console.error(error);
} finally {
  rmSync(made, { recursive: true, force: true });
}
