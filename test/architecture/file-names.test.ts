import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { filesBelow, read } from './source-tree.js';

const source = filesBelow('src').filter((path) => path.endsWith('.ts'));
const ours = [...source, ...filesBelow('test'), ...filesBelow('examples')].filter((path) => /\.[cm]?[jt]s$/.test(path));

it('names every file in kebab-case', () => {
  expect(ours.length).toBeGreaterThan(0);
  expect(ours.filter((path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.[cm]?[jt]s$/.test(basename(path)))).toEqual(
    [],
  );
});

it('has no file whose name says nothing', () => {
  const empty = /(^|-)(helpers?|commons?|managers?|base|misc|types?|utils?)(-|\.)/;
  expect(ours.filter((path) => empty.test(basename(path)))).toEqual([]);
});

it('has no source file over 300 lines', () => {
  expect(source.filter((path) => read(path).split('\n').length > 301)).toEqual([]);
});

it('has one index file, the public surface', () => {
  expect(ours.filter((path) => /(^|\/)index\.[cm]?[jt]s$/.test(path))).toEqual(['src/index.ts']);
});

it('keeps every example under 50 lines', () => {
  const examples = filesBelow('examples').filter((path) => /^examples\/[^/]+\.ts$/.test(path));
  expect(examples.length).toBeGreaterThan(0);
  expect(examples.filter((path) => read(path).split('\n').length > 50)).toEqual([]);
});
