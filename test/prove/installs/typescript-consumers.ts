import { lifeCode, livedInWorker, mainCode } from './app.js';
import type { Consumer, Use } from './consumer.js';

const versions = ['5.9.3', '6.0.3'];

/** A wrong option must not compile, or the types would be `any`. */
const typeCheck = `
import type { RegistrarOptions } from 'rollcall';
// @ts-expect-error -- it is true or false
export const wrong: RegistrarOptions = { name: 'orders', recover: 'yes' };
// @ts-expect-error -- a plugin has no such thing
rollcall.nothing;
`;

const source = lifeCode('import') + mainCode('import') + typeCheck;

function compiled(name: string, type: 'commonjs' | 'module', options: object, control?: true): Use {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    strict: true,
    skipLibCheck: false,
    outDir: 'out',
    rootDir: '.',
    ...options,
  };
  const files = {
    'package.json': JSON.stringify({ type }),
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['app.ts'] }),
    'app.ts': source,
  };
  return { name, files, steps: [['tsc'], ['node', 'out/app.js']], seen: livedInWorker, ...(control && { control }) };
}

function checked(name: string, options: object): Use {
  const { steps: _run, seen: _lived, ...use } = compiled(name, 'module', { ...options, noEmit: true });
  return { ...use, steps: [['tsc']] };
}

/** TypeScript with every way it has to find a package. What it compiles is run. */
export const typescriptConsumers: readonly Consumer[] = versions.map((version) => {
  // What is on its way out has to be asked for by name.
  const deprecated = version.startsWith('6.') ? { ignoreDeprecations: '6.0' } : {};
  return {
    name: `TypeScript ${version}`,
    packages: { typescript: version, '@types/node': '20.19.43', fastify: '5.12.8' },
    uses: [
      // Fastify's own declarations need the interop.
      compiled(
        'commonjs, node10',
        'commonjs',
        { module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true, ...deprecated },
        true,
      ),
      compiled(
        'commonjs, node10, esModuleInterop',
        'commonjs',
        { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true, ...deprecated },
        true,
      ),
      compiled('node16, CommonJS', 'commonjs', { module: 'node16' }, true),
      compiled('node16, ES module', 'module', { module: 'node16' }),
      compiled('nodenext, CommonJS', 'commonjs', { module: 'nodenext' }),
      compiled('nodenext, ES module', 'module', { module: 'nodenext' }),
      checked('preserve, bundler', { module: 'preserve', moduleResolution: 'bundler' }),
    ],
  };
});
