import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { allPages, snippetsOf } from './pages.js';
import { read, root } from './source-tree.js';

const run = promisify(execFile);

interface Target {
  readonly types: string;
  readonly default: string;
}

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<'import' | 'require', Target>>>>;
  readonly typesVersions: Readonly<Record<'*', Readonly<Record<string, readonly string[]>>>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([subpath, conditions]) =>
  typeof conditions === 'object' ? [[subpath, conditions] as const] : [],
);

it('offers the package and every sub-path that was promised', () => {
  expect(entries.map(([subpath]) => subpath).sort()).toEqual([
    '.',
    './cluster',
    './components',
    './discovery',
    './express',
    './fastify',
    './grpc',
    './nestjs',
    './testing',
    './undici',
  ]);
});

it('tells the same to tools that know no exports', () => {
  const [[, main], ...others] = entries as [(typeof entries)[number], ...typeof entries];
  expect([manifest.main, manifest.types]).toEqual([main.require.default, main.require.types]);
  expect(manifest.typesVersions).toEqual({
    '*': Object.fromEntries(
      others.map(
        ([
          subpath,
          {
            require: { types },
          },
        ]) => [subpath.slice('./'.length), [types]],
      ),
    ),
  });
});

it.each(['cjs', 'esm'])('says in dist/%s what its files are, and that importing them has no effect', (folder) => {
  expect(JSON.parse(read(`dist/${folder}/package.json`))).toEqual({
    type: folder === 'esm' ? 'module' : 'commonjs',
    sideEffects: false,
  });
});

describe.each(entries)('%s', (subpath, conditions) => {
  it('has a way in for each kind of module, with types first', () => {
    expect(Object.keys(conditions)).toEqual(['import', 'require']);
    for (const target of Object.values(conditions)) expect(Object.keys(target)).toEqual(['types', 'default']);
    expect(conditions.import.default).toBe(conditions.require.default.replace('/cjs/', '/esm/'));
    for (const target of Object.values(conditions)) expect(target.types).toBe(target.default.replace(/\.js$/, '.d.ts'));
  });

  it('is built from a source file that exists', () => {
    const source = conditions.require.default.replace('./dist/cjs/', 'src/').replace(/\.js$/, '.ts');
    expect(existsSync(root + source), source).toBe(true);
  });

  it('is in the build, with its types', () => {
    const paths = Object.values(conditions).flatMap((target) => [target.types, target.default]);
    expect(paths.filter((path) => !existsSync(`${root}${path}`))).toEqual([]);
  });

  it('is one implementation, whichever way it comes in', async () => {
    const specifier = `rollcall${subpath.slice(1)}`;
    const code = `
      import { createRequire } from 'node:module';
      const imported = { ...(await import('${specifier}')) };
      const required = createRequire(import.meta.url)('${specifier}');
      const names = Object.keys(imported);
      const same = names.every((name) => imported[name] === required[name]) && (!('default' in imported) || imported.default === required);
      console.log(JSON.stringify([names.length > 0, same]));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: root });
    expect(JSON.parse(stdout)).toEqual([true, true]);
  });

  it('is shown in the code of a page', () => {
    const name = `'rollcall${subpath.slice(1)}'`;
    expect(
      allPages.flatMap(snippetsOf).some(({ code }) => code.includes(name)),
      name,
    ).toBe(true);
  });
});
