import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allPages, snippetsOf } from './pages.js';
import { read, root } from './source-tree.js';

const manifest = JSON.parse(read('package.json')) as { exports: Record<string, string | Record<string, string>> };
const entries = Object.entries(manifest.exports).filter(
  (entry): entry is [string, Record<string, string>] => typeof entry[1] === 'object',
);

it('offers the package and every sub-path that was promised', () => {
  expect(entries.map(([subpath]) => subpath).sort()).toEqual([
    '.',
    './cluster',
    './components',
    './express',
    './fastify',
    './testing',
  ]);
});

describe.each(entries)('%s', (subpath, conditions) => {
  it('has types first, then one ESM entry', () => {
    expect(Object.keys(conditions)).toEqual(['types', 'default']);
    expect(conditions.types).toBe(conditions.default!.replace(/\.js$/, '.d.ts'));
  });

  it('is built from a source file that exists', () => {
    const source = conditions.default!.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts');
    expect(existsSync(root + source), source).toBe(true);
  });

  it('is in the build, with its types', () => {
    expect(Object.values(conditions).filter((path) => !existsSync(root + path))).toEqual([]);
  });

  it('is shown in the code of a page', () => {
    const name = `'rollcall${subpath.slice(1)}'`;
    expect(
      allPages.flatMap(snippetsOf).some(({ code }) => code.includes(name)),
      name,
    ).toBe(true);
  });
});
