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

/** What a fresh process loads when it imports `specifier`: URLs of modules and names of built-ins. */
async function loadedBy(specifier: string): Promise<string[]> {
  const code = `
import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
await import(${JSON.stringify(specifier)});
for (const name of process.moduleLoadList) console.log(name);
`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code], { cwd: root });
  return [...stdout.split('\n'), ...stderr.split('\n')];
}

const heavy = ['pino', 'consul', 'cockatiel', 'undici', 'fastify', 'fastify-plugin', 'express', '@redis/client', 'ioredis', 'prom-client'];

function heavyAmong(loaded: readonly string[]): string[] {
  const packages = heavy.filter((name) => loaded.some((url) => url.includes(`/node_modules/${name}/`)));
  return loaded.some((name) => /^(NativeModule http2|NativeModule internal\/http2\/core|node:http2)$/.test(name)) ? [...packages, 'http2'] : packages;
}

beforeAll(() => {
  if (!existsSync(`${root}dist/index.js`)) throw new Error('There is no build to look at: npm run build');
});

it('loads nothing heavy at import', async () => {
  const loaded = await loadedBy('rollcall');
  expect(loaded.some((url) => url.endsWith('/dist/index.js'))).toBe(true);
  expect(heavyAmong(loaded)).toEqual([]);
});

it.each(['pino', 'consul', 'fastify', 'node:http2'])('would notice %s', async (name) => {
  expect(heavyAmong(await loadedBy(name))).toContain(name.replace('node:', ''));
});
