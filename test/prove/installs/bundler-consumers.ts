import { livedInBundle, mainCode, plainLifeCode } from './app.js';
import type { Consumer, Use } from './consumer.js';

const versions = {
  esbuild: '0.28.2',
  webpack: '5.113.0',
  'webpack-cli': '7.3.1',
  rollup: '4.68.8',
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@rollup/plugin-json': '6.1.0',
};

const only = (...names: (keyof typeof versions)[]) => Object.fromEntries(names.map((name) => [name, versions[name]]));

const app = plainLifeCode('import') + mainCode('import');

/** Packages in CommonJS, `pino` among them, need a `require`, which esbuild leaves to the app. */
const requireBanner = `--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

function bundled(
  name: string,
  files: Readonly<Record<string, string>>,
  bundle: Use['steps'][number],
  out: string,
): Use {
  return { name, files: { 'app.mjs': app, ...files }, steps: [bundle, ['node', out]], seen: livedInBundle };
}

const webpackConfig = (more: string) =>
  `export default { mode: 'production', target: 'node', entry: './app.mjs', ${more} };\n`;

const rollupConfig = (format: string, file: string) => `
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
export default { input: 'app.mjs', output: { file: '${file}', format: '${format}' }, plugins: [nodeResolve({ preferBuiltins: true }), commonjs(), json()] };
`;

/** Bundles, without the packages that are optional. */
export const bundlerConsumers: readonly Consumer[] = [
  {
    name: `esbuild ${versions.esbuild}`,
    packages: only('esbuild'),
    uses: [
      bundled(
        'CommonJS',
        {},
        ['esbuild', 'app.mjs', '--bundle', '--platform=node', '--format=cjs', '--outfile=out.cjs'],
        'out.cjs',
      ),
      bundled(
        'ES module',
        {},
        ['esbuild', 'app.mjs', '--bundle', '--platform=node', '--format=esm', requireBanner, '--outfile=out.mjs'],
        'out.mjs',
      ),
    ],
  },
  {
    name: `webpack ${versions.webpack}`,
    packages: only('webpack', 'webpack-cli'),
    uses: [
      bundled(
        'CommonJS',
        { 'webpack.config.mjs': webpackConfig(`output: { path: import.meta.dirname, filename: 'out.cjs' }`) },
        ['webpack'],
        'out.cjs',
      ),
      bundled(
        'ES module',
        {
          'webpack.config.mjs': webpackConfig(
            `experiments: { outputModule: true }, output: { path: import.meta.dirname, filename: 'out.mjs', module: true }`,
          ),
        },
        ['webpack'],
        'out.mjs',
      ),
    ],
  },
  {
    name: `rollup ${versions.rollup}`,
    packages: only('rollup', '@rollup/plugin-commonjs', '@rollup/plugin-node-resolve', '@rollup/plugin-json'),
    uses: [
      bundled('CommonJS', { 'rollup.config.mjs': rollupConfig('cjs', 'out.cjs') }, ['rollup', '-c'], 'out.cjs'),
      bundled('ES module', { 'rollup.config.mjs': rollupConfig('es', 'out.mjs') }, ['rollup', '-c'], 'out.mjs'),
    ],
  },
];
