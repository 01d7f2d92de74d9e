import { expect, it } from 'vitest';
import { codeIn, tableRows } from './markdown-tables.js';
import { filesBelow, read } from './source-tree.js';
import { foldersWithoutUnitTests, isNamed, layersOf, unitTestsWithoutSource } from './unit-mirror.js';

const page = read('.github/CONTRIBUTING.md');

/** Paths of files that end in `ending`, from `folder` and without it. */
function pathsBelow(folder: string, ending: string): string[] {
  const paths = filesBelow(folder).filter((path) => path.endsWith(ending));
  return paths.map((path) => path.slice(`${folder}/`.length, -ending.length));
}

/** What the first column of a table names, in alphabetical order; every row says something in the other columns. */
function named(heading: string): string[] {
  const rows = tableRows(page, heading);
  expect(rows.length, `rows of the table "${heading}"`).toBeGreaterThan(0);
  expect(rows.filter((cells) => cells.length < 2 || cells.includes(''))).toEqual([]);
  return rows.flatMap(([first = '']) => codeIn(first)).sort();
}

const mirror = { sources: pathsBelow('src', '.ts'), tests: pathsBelow('test/unit', '.test.ts') };

it('has a row for every layer, and no other', () => {
  expect(named('Folder')).toEqual(layersOf(mirror.sources));
});

it('names every folder of src that has no unit tests, and no other', () => {
  expect(named('Folder without unit tests')).toEqual(foldersWithoutUnitTests(mirror));
});

it('names every unit test that mirrors no file, and no other', () => {
  const names = named('Unit tests without a source file');
  const unmatched = unitTestsWithoutSource(mirror);
  expect(unmatched.filter((test) => !isNamed(test, names))).toEqual([]);
  expect(names.filter((name) => !unmatched.some((test) => isNamed(test, [name])))).toEqual([]);
});

it('says what every dependency at run time is for, and lists no other', () => {
  const { dependencies, optionalDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
  expect(named('Dependency')).toEqual(Object.keys({ ...dependencies, ...optionalDependencies }).sort());
});
