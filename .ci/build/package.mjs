// What package.json says of the build.
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const src = join(root, 'src');
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** A file of the build is named after its source: `dist/cjs/index.js` in `dist/cjs` is `index`. */
function nameIn(folder, path) {
  const name = relative(folder, path);
  if (name.startsWith('..') || !name.endsWith('.js')) {
    throw new Error(`package.json: ${path} should be a .js file in ${folder}`);
  }
  return name.slice(0, -'.js'.length);
}

/** What an app can import. */
export const offered = Object.values(manifest.exports)
  .flatMap((conditions) => conditions.require ?? [])
  .map((conditions) => nameIn('dist/cjs', conditions.default));

/** Its commands. */
export const programs = Object.values(manifest.bin).map((path) => nameIn('dist/esm', path));

/** What a worker thread begins with. Code starts the file that is beside its own: both are at the top of the folder. */
export const threads = ['heartbeat/worker/beat-worker', 'backends/consul/consul-answer-worker'];

/** Packages that may be missing where ours is installed. */
export const optional = [...Object.keys(manifest.peerDependenciesMeta), ...Object.keys(manifest.optionalDependencies)];

/** Packages that are not bundled: an app installs them, with ours or for itself. */
export const installed = Object.keys({
  ...manifest.dependencies,
  ...manifest.optionalDependencies,
  ...manifest.peerDependencies,
});

/** The oldest Node that the code has to run on. */
export const target = manifest.engines.node.replace('>=', 'node');
