import { existsSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { expect, it } from 'vitest';
import { codeIn } from './markdown-tables.js';
import { anchorsIn, countWords, linksIn, resolveLink } from './page-links.js';
import { allPages, referencePages, topPage } from './pages.js';
import { read, root } from './source-tree.js';

const MOST_WORDS = 1_200;

it('is read in five minutes', () => {
  const words = countWords(read(topPage));
  expect(words).toBeGreaterThan(100);
  expect(words).toBeLessThanOrEqual(MOST_WORDS);
});

it('links every reference page from the top', () => {
  const linked = linksIn(read(topPage)).map(({ target }) => resolveLink(topPage, target).path);
  expect(referencePages.length).toBeGreaterThan(0);
  expect(referencePages.filter((page) => !linked.includes(page))).toEqual([]);
});

it.each(allPages)('%s leads to files and headings that exist', (page) => {
  const relative = linksIn(read(page)).filter(({ target }) => !/^[a-z]+:/.test(target));
  const broken = relative.filter(({ target }) => {
    const { path, heading } = resolveLink(page, target);
    if (!existsSync(root + path)) return true;
    return heading !== undefined && !anchorsIn(read(path)).includes(heading);
  });
  expect(broken.map(({ target }) => target)).toEqual([]);
});

it.each([topPage, ...referencePages])('%s names source files that exist', (page) => {
  const text = read(page).replace(/^```[^]*?^```$/gm, '');
  const named = codeIn(text).filter((name) => /^[\w/-]+\.ts$/.test(name));
  const folders = [`${dirname(page)}/`, 'src/', ''];
  expect(named.filter((name) => !folders.some((folder) => existsSync(root + folder + name)))).toEqual([]);
});

it('counts words of prose, without code, tables and targets of links', () => {
  expect(countWords('# One two\n\nthree [four](five.md) - `six`\n\n| seven |\n|---|\n\n```ts\neight\n```\n')).toBe(5);
});

it('finds links outside of code, and the anchors of headings', () => {
  expect(linksIn('[a](b.md#c) `[d](e)` [`f`](g)\n```\n[h](i)\n```\n').map(({ target }) => target)).toEqual([
    'b.md#c',
    'g',
  ]);
  expect(anchorsIn("# What `register()` waits for\n\n## Node's own\n")).toEqual([
    'what-register-waits-for',
    'nodes-own',
  ]);
});
