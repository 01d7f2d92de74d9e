// Makes dist: one bundle whose entries share their chunks, so that an import opens few files and a class is one class whichever
// way it came in; and the declarations beside it. Names and line breaks stay, for people who read stack traces.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const src = join(root, 'src');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Sources of what the package offers: `index.ts`, `integrations/fastify.ts`, … */
const offered = Object.values(manifest.exports).flatMap(
  ({ default: path }) => path?.replace(/^\.\/dist\/(.*)\.js$/, '$1.ts') ?? [],
);

/** Sources of what it runs: its commands need no declarations. */
const programs = Object.values(manifest.bin).map((path) => path.replace(/^dist\/(.*)\.js$/, '$1.ts'));

const filesBelow = (folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, path));
const readText = (path) => readFileSync(path, 'utf8');
const urlPath = (from, to) => relative(from, to).replaceAll('\\', '/');

/**
 * Every way in, and every part that is loaded later, reaches all that the main entry does, so that this is one chunk: left alone,
 * the bundler makes a chunk of each set of them that share something, and each file opened costs a start up to a millisecond.
 */
const oneCore = (text) => `${text}\nimport ${JSON.stringify(join(src, 'index.ts'))};\n`;

/** `import.meta.url` stays the URL of the module's own file, although its code goes into the shared chunk. */
const ownUrl = (path, text) =>
  text.replaceAll(
    'import.meta.url',
    `new URL("own-url:${urlPath(src, path).replace(/\.ts$/, '.js')}", import.meta.url).href`,
  );

const asWeLoad = (starts) => ({
  name: 'as-we-load',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const text = ownUrl(path, readText(path));
      return { contents: starts.has(path) ? oneCore(text) : text, loader: 'ts' };
    });
  },
});

/** The declarations have what is said of members; the code is read by machines. A licence stays. */
const withoutDocs = (text) => text.replace(/^ *\/\*\*(?![^]*?@(?:license|preserve)[^]*?\*\/)[^]*?\*\/\n/gm, '');

/** Writes the code; resolves to the folders of the packages whose code came in. */
async function bundle(dist) {
  const sources = filesBelow(src).filter((path) => path.endsWith('.ts'));
  // What tells others its URL, e.g. a worker to import it, must be a file of its own.
  const selfNamed = sources.filter((path) => readText(path).includes('import.meta.url'));
  // And what is started by its URL: `new URL('./worker.js', import.meta.url)`.
  const started = selfNamed.flatMap((path) =>
    [...readText(path).matchAll(/new URL\('(\.[^']+)\.js', import\.meta\.url\)/g)].map(([, part]) =>
      join(dirname(path), `${part}.ts`),
    ),
  );
  const entries = [...new Set([...[...offered, ...programs].map((path) => join(src, path)), ...selfNamed, ...started])];
  const later = sources.flatMap((path) =>
    [...readText(path).matchAll(/\bimport\('(\.[^']+)\.js'\)/g)].map(([, part]) => join(dirname(path), `${part}.ts`)),
  );
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outbase: src,
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: `node${manifest.engines.node.replace('>=', '')}`,
    // What is installed with us stays outside; what is not comes in.
    external: Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }),
    legalComments: 'inline',
    // Shorter to read for the parser, and its lines are still ours.
    minifySyntax: true,
    plugins: [asWeLoad(new Set([...entries, ...later]))],
    // It is for its reach, not for its effects, that an entry imports the core.
    logOverride: { 'ignored-bare-import': 'silent' },
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      withoutDocs(text).replace(/own-url:([^"]*)/g, (_, own) => urlPath(dirname(path), join(dist, own))),
    );
  }
  return [
    ...new Set(
      Object.keys(metafile.inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
    ),
  ];
}

/** Code that came in keeps its licence. */
function passOnLicences(dist, packages) {
  const texts = packages.map((folder) => {
    const licence = readdirSync(join(root, folder)).find((file) => /^licen[cs]e(\.|$)/i.test(file));
    if (licence === undefined) throw new Error(`${folder} would be bundled without a licence to pass on`);
    return `${folder.replace(/^.*node_modules\//, '')}\n\n${readText(join(root, folder, licence))}`;
  });
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), texts.join('\n'));
}

/** Writes the declarations, less those that no entry leads to: they would describe what nobody can import. */
function declare(dist) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', join(src, 'tsconfig.json'), '--emitDeclarationOnly', '--outDir', dist], {
    stdio: 'inherit',
  });
  const reached = new Set();
  const follow = (path) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const [, next] of readText(path).matchAll(/(?:from |import |import\()["'](\.[^"']+)\.js["']/g))
      follow(join(dirname(path), `${next}.d.ts`));
  };
  for (const path of offered) follow(join(dist, path.replace(/\.ts$/, '.d.ts')));
  for (const path of filesBelow(dist)) if (path.endsWith('.d.ts') && !reached.has(path)) rmSync(path);
}

const made = join(root, `.cache/dist-${process.pid}`);
try {
  passOnLicences(made, await bundle(made));
  declare(made);
  // Whole or not at all: others may be reading the last one.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(made, join(root, 'dist'));
} catch (error) {
  process.exitCode = 1;
  // The compiler has said what is wrong itself.
  if (error.stdout === undefined) console.error(error);
} finally {
  rmSync(made, { recursive: true, force: true });
}
