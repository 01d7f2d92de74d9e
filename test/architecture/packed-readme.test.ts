import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { absoluteLinks, baseOf } from '../../.ci/absolute-links.mjs';
import { linksIn } from './page-links.js';
import { read, root } from './source-tree.js';

const run = promisify(execFile);
const home = 'https://example.test/us/rollcall';
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Packs a copy of what the pack needs, with its scripts: the tree that the tests read stays as it is. */
async function pack(manifest: object): Promise<{ packed: string; left: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-pack-'));
  folders.push(folder);
  for (const path of ['README.md', 'LICENSE', '.ci']) cpSync(root + path, join(folder, path), { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ ...(JSON.parse(read('package.json')) as object), ...manifest }),
  );
  const { stdout } = await run('npm', ['pack', '--silent'], { cwd: folder });
  const tarball = stdout.trim().split('\n').at(-1) ?? '';
  const { stdout: packed } = await run('tar', ['-xzOf', tarball, 'package/README.md'], { cwd: folder });
  return { packed, left: readFileSync(join(folder, 'README.md'), 'utf8') };
}

const isRelative = ({ target }: { target: string }) => !/^([a-z]+:|#)/.test(target);

describe('the packed README', () => {
  it('leads to the repository once the package has a homepage, and the page in the tree stays', async () => {
    const { packed, left } = await pack({ homepage: `${home}#readme` });
    const pages = linksIn(read('README.md')).filter(isRelative);
    expect(pages.length).toBeGreaterThan(0);
    const targets = linksIn(packed).map(({ target }) => target);
    expect(targets).toEqual(expect.arrayContaining(pages.map(({ target }) => `${home}/blob/HEAD/${target}`)));
    expect(linksIn(packed).filter(isRelative)).toEqual([]);
    expect(left).toBe(read('README.md'));
  }, 60_000);

  it('names the files in the repository as long as there is no homepage', async () => {
    const { packed } = await pack({ homepage: undefined });
    expect(linksIn(packed).filter(isRelative)).toEqual([]);
    for (const { target } of linksIn(read('README.md')).filter(isRelative)) expect(packed).toContain(target);
  }, 60_000);
});

describe('absoluteLinks', () => {
  const page = 'See [all `x`](a/b.md#c), [d](e.md) and [`f/`](f/).\n';

  it('leads every relative link to the base', () => {
    expect(absoluteLinks(page, 'https://h/r/')).toBe(
      'See [all `x`](https://h/r/a/b.md#c), [d](https://h/r/e.md) and [`f/`](https://h/r/f/).\n',
    );
  });

  it('turns them into text without a base, and does not say a path twice', () => {
    expect(absoluteLinks(page, undefined)).toBe('See all `x` (`a/b.md#c`), d (`e.md`) and `f/`.\n');
  });

  it('leaves absolute links, links within the page and code as they are', () => {
    const text = '[a](https://b/c) [d](#e) `[f](g)`\n\n```md\n[h](i)\n```\n';
    expect(absoluteLinks(text, 'https://h/r/')).toBe(text);
    expect(absoluteLinks(text, undefined)).toBe(text);
  });

  it('takes the base from the homepage alone', () => {
    expect(baseOf({})).toBeUndefined();
    expect(baseOf({ homepage: 'https://h/r#readme' })).toBe('https://h/r/blob/HEAD/');
    expect(baseOf({ homepage: 'https://h/r/' })).toBe('https://h/r/blob/HEAD/');
  });
});
