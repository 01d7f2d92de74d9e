import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'rolldown';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { read, root } from './source-tree.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'rollcall-consumer-'));
const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let contents: string[] = [];

/** An app elsewhere that has the packed package and what that declares; nothing else of this project can be found from there. */
beforeAll(async () => {
  if (!existsSync(`${root}dist/cjs/index.js`)) throw new Error('There is no build to pack: npm run build');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout) as [Packed];
  contents = packed.files.map(({ path }) => path);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'rollcall'), { recursive: true });
  await run('tar', ['-xzf', join(folder, packed.filename), '--strip-components=1', '-C', join(modules, 'rollcall')]);
  // The peers and Node's types are what an app brings itself.
  for (const name of [...Object.keys(manifest.dependencies), 'express', 'fastify', '@nestjs', '@types'])
    symlinkSync(`${root}node_modules/${name}`, join(modules, name));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What a script of the app prints, as JSON. */
async function print(code: string, type: 'module' | 'commonjs' = 'module'): Promise<unknown> {
  const { stdout } = await run(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', `--input-type=${type}`, '--eval', code],
    { cwd: folder },
  );
  return JSON.parse(stdout);
}

it('holds the build, its licences, the README and nothing else', () => {
  const others = contents.filter((path) => !/^dist\/(cjs|esm)\/.*(\.js|\.d\.ts)$/.test(path)).sort();
  expect(others).toEqual([
    'LICENSE',
    'README.md',
    'dist/THIRD-PARTY-LICENSES.txt',
    'dist/cjs/package.json',
    'dist/esm/package.json',
    'package.json',
  ]);
});

it('passes on the licences of the code that is bundled in', () => {
  const text = readFileSync(join(folder, 'node_modules/rollcall/dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
  const bundled = ['@leichtgewicht/ip-codec', 'consul', 'dns-packet', 'is-network-error', 'p-retry', 'papi', 'valibot'];
  expect(text.split('\n').filter((line) => bundled.includes(line))).toEqual(bundled);
  expect(text.match(/Permission is hereby granted/g)).toHaveLength(bundled.length);
});

it('is imported, takes options and refuses bad ones', async () => {
  const code = `
    import { ConfigError, Registrar, memory, register } from 'rollcall';
    const { state } = new Registrar({ name: 'orders', registry: memory(), logger: false });
    try {
      new Registrar({ name: '' });
    } catch (error) {
      console.log(JSON.stringify({ register: typeof register, state, refused: error instanceof ConfigError && error.name }));
    }`;
  expect(await print(code)).toEqual({ register: 'function', state: 'idle', refused: 'ConfigError' });
});

it('is a whole registration and its end', async () => {
  const code = `
    import { createServer } from 'node:http';
    import { file, register } from 'rollcall';
    const server = createServer((_, response) => response.end());
    server.listen(0, '127.0.0.1', async () => {
      const shutdown = { drain: { min: 0, quiet: 0, max: 0 } };
      const registrar = await register(server, { name: 'orders', registry: file({ dir: 'entries' }), logger: false, shutdown });
      const { state } = registrar;
      await registrar.stop();
      console.log(JSON.stringify([state, registrar.state]));
    });`;
  expect(await print(code)).toEqual(['registered', 'stopped']);
});

it('exports the same names to require as to import', async () => {
  const required = await print(`console.log(JSON.stringify(Object.keys(require('rollcall')).sort()))`, 'commonjs');
  expect(required).toEqual(await print(`console.log(JSON.stringify(Object.keys(await import('rollcall')).sort()))`));
});

it('has the same classes whichever sub-path they came by', async () => {
  const code = `
    import * as main from 'rollcall';
    import rollcall from 'rollcall/fastify';
    import { expressRegistrar } from 'rollcall/express';
    import { memory } from 'rollcall/testing';
    import fastify from 'fastify';
    const options = { name: 'orders', registry: memory(), logger: false };
    const app = fastify();
    await app.register(rollcall, options);
    console.log(JSON.stringify([memory === main.memory, expressRegistrar(options).registrar instanceof main.Registrar, app.registrar instanceof main.Registrar]));
    process.exit();`;
  expect(await print(code)).toEqual([true, true, true]);
});

it('starts its worker thread', async () => {
  const code = `
    import { createServer } from 'node:http';
    import { file, register } from 'rollcall';
    const server = createServer((_, response) => response.end());
    server.listen(0, '127.0.0.1', async () => {
      const shutdown = { drain: { min: 0, quiet: 0, max: 0 } };
      const registrar = await register(server, { name: 'orders', registry: file({ dir: 'entries' }), logger: false, heartbeat: { thread: 'worker' }, shutdown });
      const { state, thread } = registrar.status();
      await registrar.stop();
      console.log(JSON.stringify([state, thread, registrar.state]));
    });`;
  expect(await print(code)).toEqual(['registered', 'worker', 'stopped']);
});

it.each(['cjs', 'esm'] as const)(
  'sends heartbeats from the main thread in a bundle (%s), and says so',
  async (format) => {
    const app = `
    import { Registrar, file } from 'rollcall';
    const warnings = [];
    const options = { name: 'orders', address: '127.0.0.1', port: 1, registry: file({ dir: 'entries' }), logger: false };
    const shutdown = { drain: { min: 0, quiet: 0, max: '5s' } };
    const registrar = new Registrar({ ...options, heartbeat: { thread: 'worker' }, shutdown });
    registrar.on('warning', ({ message }) => warnings.push(message));
    registrar.start().then(async () => {
      const { state, thread } = registrar.status();
      await registrar.stop();
      console.log(JSON.stringify([state, thread, warnings]));
    });`;
    writeFileSync(join(folder, 'app.mjs'), app);
    const bundle = join(folder, `bundle.${format === 'cjs' ? 'cjs' : 'mjs'}`);
    await build({
      input: join(folder, 'app.mjs'),
      platform: 'node',
      output: { file: bundle, format, codeSplitting: false },
    });
    const { stdout } = await run(process.execPath, [bundle], { cwd: folder });
    const missing = expect.stringMatching(/no worker thread .*heartbeats come from the main thread/s) as string;
    expect(JSON.parse(stdout)).toEqual(['registered', 'main', [missing]]);
  },
);

it('has the thread import a registry of your own, which may be any ES module', async () => {
  const own = `
    import { file } from 'rollcall';
    const dir = await Promise.resolve('entries');
    export const own = (options) => Object.defineProperty(file({ dir }), 'workerSpec', { value: { module: import.meta.url, options } });`;
  writeFileSync(join(folder, 'own-registry.mjs'), own);
  const code = `
    import { Registrar } from 'rollcall';
    import { own } from './own-registry.mjs';
    const warnings = [];
    const registrar = new Registrar({ name: 'orders', address: '127.0.0.1', port: 1, registry: own({}), logger: false, heartbeat: { thread: 'worker' }, shutdown: { drain: { min: 0, quiet: 0, max: 0 } } });
    registrar.on('warning', ({ message }) => warnings.push(message));
    await registrar.start();
    const { thread } = registrar.status();
    await registrar.stop();
    console.log(JSON.stringify([thread, warnings]));`;
  expect(await print(code)).toEqual(['worker', []]);
});

it('has its own two listeners a signal, one before and one behind those of the host, and ends cleanly when it is installed twice and comes in both ways', async () => {
  await run('cp', ['-r', join(folder, 'node_modules/rollcall'), join(folder, 'node_modules/rollcall-again')]);
  const code = `
    import { createRequire } from 'node:module';
    import * as imported from 'rollcall';
    import * as again from './node_modules/rollcall-again/dist/esm/index.js';
    const required = createRequire(import.meta.url)('rollcall');
    const copies = [imported, required, again];
    const options = { name: 'orders', address: '127.0.0.1', port: 1, logger: false, shutdown: { drain: { min: 0, quiet: 0, max: '5s' } } };
    const registrars = copies.map(({ Registrar, memory }) => new Registrar({ ...options, registry: memory() }));
    await Promise.all(registrars.map((registrar) => registrar.start()));
    process.on('exit', (code) => console.log(JSON.stringify([again.Registrar !== imported.Registrar, listeners, registrars.map(({ state }) => state), code])));
    const listeners = process.listenerCount('SIGTERM');
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.exit(9), 10_000);`;
  expect(await print(code)).toEqual([true, 2, ['stopped', 'stopped', 'stopped'], 0]);
});

it('says how to get the client of Redis where it is not installed', async () => {
  const code = `
    import { redis } from 'rollcall';
    const told = await redis().read({ name: 'orders', id: 'orders-1' }, new AbortController().signal).catch(({ code, message }) => [code, message]);
    console.log(JSON.stringify(told));`;
  expect(await print(code)).toEqual([
    'ROLLCALL_BACKEND_NOT_INSTALLED',
    expect.stringMatching(/npm install @redis\/client$/),
  ]);
});

it('shows names and lines of its own in a stack trace', async () => {
  const code = `
    import { Registrar } from 'rollcall';
    try {
      new Registrar({ name: '' });
    } catch (error) {
      console.log(JSON.stringify(error.stack));
    }`;
  const stack = await print(code);
  expect(stack).toMatch(/^ConfigError: /);
  expect(stack).toMatch(/at resolveConfig \(.*\/rollcall\/dist\/.*\.js:\d+:\d+\)/);
  expect(stack).toMatch(/at new Registrar \(/);
});

it('calls every class by the name it is exported under', async () => {
  const code = `
    const classes = Object.entries(await import('rollcall')).filter(([, value]) => /^class\\b/.test(String(value)));
    console.log(JSON.stringify(classes.map(([exported, { name }]) => [exported, name])));`;
  const classes = (await print(code)) as [string, string][];
  expect(classes.length).toBeGreaterThan(1);
  expect(classes.filter(([exported, name]) => exported !== name)).toEqual([]);
});

const uses = `
  import { createServer } from 'node:http';
  import fastify from 'fastify';
  import { consul, register, type Registrar } from 'rollcall';
  import { expressRegistrar } from 'rollcall/express';
  import rollcall from 'rollcall/fastify';
  import { registryContract, startFaultProxy } from 'rollcall/testing';
  const app = fastify();
  await app.register(rollcall, { name: 'orders' });
  export const registrars: Registrar[] = [await register(createServer(), { name: 'orders', registry: consul() }), app.registrar];
  registrars.push(expressRegistrar({ name: 'orders' }).registrar);
  export { registryContract, startFaultProxy };`;
const usesOfNest = `
  import { RollcallModule, terminusComponent } from 'rollcall/nestjs';
  import type { DynamicModule } from '@nestjs/common';
  const db = terminusComponent(() => ({ db: { status: 'up' } }));
  export const module: DynamicModule = RollcallModule.forRoot({ name: 'orders', health: { components: { db } } });`;
const misuses = `
  import { Registrar } from 'rollcall';
  import rollcall from 'rollcall/fastify';
  new Registrar({ name: 'orders', recover: 'yes' });
  rollcall.nothing;`;

it.each([
  ['nodenext', { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  ['bundler', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
])(
  'declares all of its types to a compiler under moduleResolution %s that checks libraries too',
  (_, resolution) => {
    const paths = Object.entries({ uses, misuses, usesOfNest }).map(([name, code]) => {
      const path = join(folder, `${name}.ts`);
      writeFileSync(path, code);
      return path;
    });
    const environment = {
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      types: ['node'],
      typeRoots: [join(folder, 'node_modules/@types')],
    };
    const program = ts.createProgram(paths, { ...environment, ...resolution, strict: true, noEmit: true });
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map(({ file, messageText }) => [file?.fileName, ts.flattenDiagnosticMessageText(messageText, '\n')]);
    expect(problems).toEqual([
      [paths[1], expect.stringMatching(/^Type 'string' is not assignable to type 'boolean/)],
      [paths[1], expect.stringMatching(/^Property 'nothing' does not exist on type/)],
    ]);
  },
  180_000,
);
