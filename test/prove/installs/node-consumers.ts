import { load, mainCode, livedInWorker, plainLifeCode } from './app.js';
import type { Style } from './app.js';
import type { Consumer, Use } from './consumer.js';

const FASTIFY = '5.12.8';
const NEST = '11.2.10';

/** One Registrar by `import` and one by `require` in one process, which is then told to end. */
const bothWays = `
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as imported from 'rollcall';
const required = createRequire(import.meta.url)('rollcall');
const options = { name: 'orders', address: '127.0.0.1', port: 3000, logger: false, shutdown: { drain: { min: 0, quiet: 0, max: '5s' } } };
const registrars = [imported, required].map(({ Registrar, memory }) => new Registrar({ ...options, registry: memory() }));
const listenersAfter = async (registrar) => {
  await registrar.start();
  return process.listenerCount('SIGTERM');
};
const [first, both] = [await listenersAfter(registrars[0]), await listenersAfter(registrars[1])];
process.on('exit', (code) => writeFileSync('seen.json', JSON.stringify({ addedBySecond: both - first, states: registrars.map(({ state }) => state), code })));
setTimeout(() => process.exit(1), 20_000);
process.kill(process.pid, 'SIGTERM');
`;

const plugin = (style: Style) => `
${load(style, '{ writeFileSync }', 'node:fs')}
${load(style, 'fastify', 'fastify')}
${load(style, '{ memory }', 'rollcall')}
${load(style, 'rollcall', 'rollcall/fastify')}
const app = fastify();
app.register(rollcall, { name: 'orders', registry: memory(), logger: false, shutdown: { drain: { min: 0, quiet: 0, max: '5s' } } });
app.listen({ port: 0, host: '127.0.0.1' }).then(async () => {
  if (app.registrar.state !== 'registered') await new Promise((resolve) => app.registrar.on('registered', resolve));
  await app.close();
  writeFileSync('seen.json', JSON.stringify({ state: app.registrar.state, default: rollcall.default === rollcall }));
});
`;

const nestApp = (style: Style) => `
${load(style, '{ writeFileSync }', 'node:fs')}
${load(style, '{ Module }', '@nestjs/common')}
${load(style, '{ NestFactory }', '@nestjs/core')}
${load(style, '{ Registrar, memory }', 'rollcall')}
${load(style, '{ RollcallModule }', 'rollcall/nestjs')}
class AppModule {}
const rollcall = RollcallModule.forRoot({ name: 'orders', registry: memory(), logger: false, shutdown: { drain: { min: 0, quiet: 0, max: '5s' } } });
Module({ imports: [rollcall] })(AppModule);
NestFactory.create(AppModule, { logger: false }).then(async (app) => {
  await app.listen(0, '127.0.0.1');
  const registrar = app.get(Registrar);
  if (registrar.state !== 'registered') await new Promise((resolve) => registrar.on('registered', resolve));
  await app.close();
  writeFileSync('seen.json', JSON.stringify({ state: registrar.state }));
});
`;

function life(name: string, style: Style, file: string): Use {
  return {
    name,
    files: { [file]: plainLifeCode(style) + mainCode(style) },
    steps: [['node', file]],
    seen: livedInWorker,
  };
}

function withFastify(style: Style, file: string): Use {
  return {
    name: style,
    files: { [file]: plugin(style) },
    steps: [['node', file]],
    seen: { state: 'stopped', default: true },
    ...(style === 'require' && { control: true }),
  };
}

function withNest(style: Style, file: string): Use {
  return { name: style, files: { [file]: nestApp(style) }, steps: [['node', file]], seen: { state: 'stopped' } };
}

/** Node itself, the one that runs the proof. */
export const nodeConsumers: readonly Consumer[] = [
  {
    name: `Node ${process.versions.node}`,
    packages: {},
    uses: [
      life('import', 'import', 'app.mjs'),
      life('require', 'require', 'app.cjs'),
      {
        name: 'both in one process, at SIGTERM',
        files: { 'app.mjs': bothWays },
        steps: [['node', 'app.mjs']],
        seen: { addedBySecond: 0, states: ['stopped', 'stopped'], code: 0 },
      },
      { name: 'command line', files: {}, steps: [['rollcall', 'lint', 'orders']] },
    ],
  },
  {
    name: `Fastify ${FASTIFY}`,
    packages: { fastify: FASTIFY },
    uses: [withFastify('import', 'app.mjs'), withFastify('require', 'app.cjs')],
  },
  {
    name: `Nest ${NEST}`,
    packages: {
      '@nestjs/common': NEST,
      '@nestjs/core': NEST,
      '@nestjs/platform-express': NEST,
      'reflect-metadata': '0.2.2',
      rxjs: '7.8.2',
    },
    uses: [withNest('import', 'app.mjs'), withNest('require', 'app.cjs')],
  },
];
