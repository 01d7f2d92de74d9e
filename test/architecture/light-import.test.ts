import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { root } from './source-tree.js';

const run = promisify(execFile);

/** Runs in the thread of module hooks: everything that is asked for by an import goes to standard error, one line each. */
const hooks = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  writeSync(2, found.url + '\\n');
  return found;
}`;

/** Tells likewise what is asked for by a require. */
const requireHook = `
import { writeSync } from 'node:fs';
import Module, { isBuiltin } from 'node:module';
import { pathToFileURL } from 'node:url';
const load = Module._load;
Module._load = function (request, parent, isMain) {
  const found = Module._resolveFilename(request, parent, isMain);
  writeSync(2, (isBuiltin(found) ? 'node:' + found.replace('node:', '') : pathToFileURL(found).href) + '\\n');
  return load.call(this, request, parent, isMain);
};`;

const runCode = (code: string) => run(process.execPath, ['--input-type=module', '--eval', code], { cwd: root });

/** URLs of what a fresh process loads when it imports `specifier`: files, and built-in modules that one of them asks for. */
async function loadedBy(specifier: string): Promise<string[]> {
  const imports = runCode(`
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
await import(${JSON.stringify(specifier)});
`);
  const requires = runCode(`${requireHook}\nawait import(${JSON.stringify(specifier)});`);
  const lines = (await Promise.all([imports, requires])).flatMap(({ stderr }) => stderr.split('\n'));
  return [...new Set(lines.filter((line) => /^(file|node):/.test(line) && line !== 'node:module'))];
}

/** Names of the heavy built-in modules that the import adds to a bare start, by whatever way. */
async function heavyLoadedBy(specifier: string): Promise<string[]> {
  const { stdout } = await runCode(`
const before = new Set(process.moduleLoadList);
await import(${JSON.stringify(specifier)});
// Named before the first line: writing it loads something itself.
const added = process.moduleLoadList.filter((name) => !before.has(name));
for (const name of added) console.log(name.replace('NativeModule ', ''));
`);
  return stdout.split('\n').filter((name) => heavy.includes(name));
}

const heavy = ['crypto', 'http', 'https', 'http2', 'net', 'tls', 'dns', 'zlib', 'worker_threads', 'child_process'];
const packagesAmong = (loaded: readonly string[]) => loaded.filter((url) => url.includes('/node_modules/'));

/** To import a built-in module is to evaluate every export, also what is otherwise loaded at first use: streams for node:fs, workers for node:util. */
const cheap = ['node:events', 'node:os', 'node:path'];
const dearAmong = (loaded: readonly string[]) =>
  loaded.filter((url) => url.startsWith('node:') && !cheap.includes(url));

const bytesOf = (files: readonly string[]) => files.reduce((sum, url) => sum + statSync(fileURLToPath(url)).size, 0);

beforeAll(() => {
  if (!existsSync(`${root}dist/esm/index.js`)) throw new Error('There is no build to look at: npm run build');
});

it.each([
  // The way in, its implementation, the core, and the bundler's own few lines.
  ['rollcall', 4, 270_000],
  ['rollcall/components', 4, 270_000],
  ['rollcall/express', 4, 270_000],
  // And the resolver, with what it shares with chains.
  ['rollcall/discovery', 8, 358_000],
] as const)(
  'loads a few files of its own at the import of %s, no package and nothing heavy of Node',
  async (entry, mostFiles, mostBytes) => {
    const loaded = await loadedBy(entry);
    const files = loaded.filter((url) => url.includes('/dist/'));
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBeLessThanOrEqual(mostFiles);
    expect(bytesOf(files)).toBeLessThanOrEqual(mostBytes);
    expect(packagesAmong(loaded)).toEqual([]);
    expect(dearAmong(loaded)).toEqual([]);
    expect(await heavyLoadedBy(entry)).toEqual([]);
  },
);

it('loads the resolver for those alone who import rollcall/discovery', async () => {
  const isResolver = (url: string) => url.includes('/dist/cjs/resolver-');
  expect((await loadedBy('rollcall/discovery')).some(isResolver)).toBe(true);
  expect((await loadedBy('rollcall')).some(isResolver)).toBe(false);
});

it('loads no package at the import of rollcall/undici: the copy of the app is the only one', async () => {
  const loaded = await loadedBy('rollcall/undici');
  expect(packagesAmong(loaded)).toEqual([]);
  expect(dearAmong(loaded)).toEqual([]);
  expect(await heavyLoadedBy('rollcall/undici')).toEqual([]);
  expect(loaded.filter((url) => url.includes('/dist/')).length).toBeLessThanOrEqual(6);
});

it('loads fastify-plugin alone at the import of rollcall/fastify', async () => {
  const packages = packagesAmong(await loadedBy('rollcall/fastify'));
  expect(packages.length).toBeGreaterThan(0);
  expect(packages.filter((url) => !url.includes('/node_modules/fastify-plugin/'))).toEqual([]);
});

it.each(['pino', 'consul', 'fastify', 'valibot'])('would notice the package %s', async (name) => {
  expect(packagesAmong(await loadedBy(name)).some((url) => url.includes(`/node_modules/${name}/`))).toBe(true);
});

it.each(['node:util', 'node:fs', 'node:fs/promises'])('would notice an import of %s', async (name) => {
  expect(dearAmong(await loadedBy(name))).toContain(name);
});

it.each(['crypto', 'http', 'https', 'http2', 'net'])('would notice node:%s', async (name) => {
  expect(await heavyLoadedBy(`node:${name}`)).toContain(name);
});
