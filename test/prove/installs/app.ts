/** How an app loads the package. */
export type Style = 'import' | 'require';

export function load(style: Style, what: string, from: string): string {
  return style === 'import' ? `import ${what} from '${from}';` : `const ${what} = require('${from}');`;
}

/**
 * A life in a registry, valid as JavaScript and as TypeScript: registers with heartbeats from the worker thread, stops, and uses the parts that are loaded
 * late. `lived` resolves to what was seen of it.
 */
export function lifeCode(style: Style): string {
  return `
${load(style, '{ Registrar, consul, file, redis }', 'rollcall')}
${load(style, '{ expressRegistrar }', 'rollcall/express')}
${load(style, '{ ping }', 'rollcall/components')}
${load(style, '{ registerCluster }', 'rollcall/cluster')}
${load(style, '{ memory }', 'rollcall/testing')}
${load(style, 'rollcall', 'rollcall/fastify')}

async function live() {
  const drain = { min: 0, quiet: 0, max: '5s' } as const;
  const options = { name: 'orders', address: '127.0.0.1', port: 3000, logger: false as const, shutdown: { drain } };
  const registrar = new Registrar({ ...options, registry: file({ dir: 'entries' }), heartbeat: { thread: 'worker' } });
  const warnings = new Set();
  registrar.on('warning', ({ message }) => warnings.add(message));
  await registrar.start();
  const { state, thread } = registrar.status();
  await registrar.stop();
  const { signal } = new AbortController();
  const registries = [consul({ endpoints: ['http://127.0.0.1:9'] }), redis({ url: 'redis://127.0.0.1:9' })];
  const codes = await Promise.all(registries.map((registry) => registry.read({ name: 'orders', id: 'orders-1' }, signal).then(() => 'found', (error) => error.code)));
  const kinds = [expressRegistrar({ ...options, registry: memory() }).registrar instanceof Registrar, typeof ping, typeof registerCluster, typeof rollcall];
  return { lives: [state, thread, registrar.state], warnings: [...warnings].length, codes, kinds };
}`;
}

/** The same as JavaScript. */
export function plainLifeCode(style: Style): string {
  return lifeCode(style).replaceAll(' as const', '');
}

/** Runs it and keeps what was seen. */
export function mainCode(style: Style): string {
  return `${load(style, '{ writeFileSync }', 'node:fs')}\nlive().then((seen) => writeFileSync('seen.json', JSON.stringify(seen)));\n`;
}

/** As a test of Jest. */
export function testCode(style: Style): string {
  return `${load(style, '{ writeFileSync }', 'node:fs')}\ntest('lives', async () => { writeFileSync('seen.json', JSON.stringify(await live())); });\n`;
}

const rest = {
  codes: ['ROLLCALL_REGISTRY_UNAVAILABLE', 'ROLLCALL_BACKEND_NOT_INSTALLED'],
  kinds: [true, 'function', 'function', 'function'],
};

/** What is seen of it where the package is installed. */
export const livedInWorker = { lives: ['registered', 'worker', 'stopped'], warnings: 0, ...rest };

/** In a bundle, which has no file for the worker thread: told once, and heartbeats come from the main thread. */
export const livedInBundle = { lives: ['registered', 'main', 'stopped'], warnings: 1, ...rest };
