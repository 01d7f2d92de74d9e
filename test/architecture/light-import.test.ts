import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
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

const runCode = (code: string) => run(process.execPath, ['--input-type=module', '--eval', code], { cwd: root });

/** URLs of the files that a fresh process loads when it imports `specifier`. */
async function filesLoadedBy(specifier: string): Promise<string[]> {
  const { stderr } = await runCode(`
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
await import(${JSON.stringify(specifier)});
`);
  return [...new Set(stderr.split('\n').filter((line) => line.startsWith('file:')))];
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
const packagesAmong = (files: readonly string[]) => files.filter((url) => url.includes('/node_modules/'));

beforeAll(() => {
  if (!existsSync(`${root}dist/index.js`)) throw new Error('There is no build to look at: npm run build');
});

it.each(['rollcall', 'rollcall/express'])('loads a few files of its own at the import of %s, no package and nothing heavy of Node', async (entry) => {
  const files = await filesLoadedBy(entry);
  expect(files.some((url) => url.includes('/dist/'))).toBe(true);
  expect(packagesAmong(files)).toEqual([]);
  // Each costs a start about a millisecond.
  expect(files.length).toBeLessThanOrEqual(10);
  expect(await heavyLoadedBy(entry)).toEqual([]);
});

it('loads fastify-plugin alone at the import of rollcall/fastify', async () => {
  const packages = packagesAmong(await filesLoadedBy('rollcall/fastify'));
  expect(packages.length).toBeGreaterThan(0);
  expect(packages.filter((url) => !url.includes('/node_modules/fastify-plugin/'))).toEqual([]);
});

it.each(['pino', 'consul', 'fastify', 'valibot'])('would notice the package %s', async (name) => {
  expect(packagesAmong(await filesLoadedBy(name)).some((url) => url.includes(`/node_modules/${name}/`))).toBe(true);
});

it.each(['crypto', 'http', 'https', 'http2', 'net'])('would notice node:%s', async (name) => {
  expect(await heavyLoadedBy(`node:${name}`)).toContain(name);
});
