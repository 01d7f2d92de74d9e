// Bundles the sources.
import { basename, dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { loading } from './loading.mjs';
import { onDemand, onDemandNames } from './on-demand.mjs';
import { installed, offered, programs, src, target, threads } from './package.mjs';

const urlPath = (from, to) => relative(from, to).replaceAll('\\', '/');
const sourceOf = (name) => join(src, `${name}.ts`);
const common = { platform: 'node', external: installed, transform: { target } };

/** Code for machines and for stack traces: names and lines stay, what is said of members is in the declarations. */
const readable = {
  keepNames: true,
  comments: { legal: true, annotation: true, jsdoc: false },
  generatedCode: { symbols: false },
  esModule: false,
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
};

/**
 * The commands. They are ES modules; what they import is part of the implementation.
 * Resolves to the files, and to the names of the sources that the implementation has to offer to them.
 */
export async function bundlePrograms() {
  const needs = new Set();
  const useImplementation = {
    name: 'use-implementation',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.')) return null;
      const name = relative(src, resolve(dirname(importer), source)).slice(0, -'.js'.length);
      needs.add(name);
      return { id: urlPath(relative(src, dirname(importer)), join('../cjs', `${name}.js`)), external: true };
    },
  };
  const files = [];
  for (const name of programs) {
    const bundle = await rolldown({
      ...common,
      input: { [name]: sourceOf(name) },
      plugins: [useImplementation],
      makeAbsoluteExternalsRelative: false,
    });
    const { output } = await bundle.generate({ ...readable, format: 'esm', entryFileNames: '[name].js' });
    files.push(...output.map(({ fileName, code }) => [`esm/${fileName}`, code]));
  }
  return { files, needs: [...needs] };
}

/**
 * The implementation, which offers the sources in `needs` to the programs.
 * Resolves to its files, to what each entry for apps exports, and to the paths of the modules in it.
 */
export async function bundleImplementation(needs) {
  const inPlace = [...new Set([...offered, ...needs, ...onDemandNames])].map((name) => [name, sourceOf(name)]);
  const atTheTop = threads.map((name) => [basename(name), sourceOf(name)]);
  const core = importFinder('index');
  const consul = importFinder('backends/consul/consul-agents');
  const bundle = await rolldown({
    ...common,
    input: Object.fromEntries([...inPlace, ...atTheTop]),
    plugins: [onDemand, loading, core.plugin, consul.plugin],
  });
  const { output } = await bundle.generate({
    ...readable,
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Jest runs CommonJS without `import()`.
    dynamicImportInCjs: false,
    codeSplitting: {
      groups: [
        { name: 'core', test: (id) => core.has(id) },
        {
          name: 'registry-access',
          test: (id) => consul.has(id) && relative(join(src, 'backends'), id).startsWith('..'),
        },
        { name: 'consul', test: (id) => consul.has(id) },
        {
          name: 'consul-client',
          test: (id) => ['/consul/', '/papi/'].some((folder) => id.includes(`node_modules${folder}`)),
        },
      ],
    },
    footer: (chunk) =>
      isDefaultOnly(chunk) ? 'module.exports = exports.default;\nmodule.exports.default = module.exports;' : '',
  });
  return {
    files: output.map(({ fileName, code }) => [`cjs/${fileName}`, code]),
    entries: output
      .filter(({ name, isEntry }) => isEntry && offered.includes(name))
      .map(({ name, exports }) => ({ name, exports })),
    modules: output.flatMap(({ moduleIds }) => moduleIds),
  };
}

/**
 * Finds all that a source imports. Left alone, the bundler makes many files of it, and each one opened costs a start up to a
 * millisecond.
 */
function importFinder(name) {
  const reached = new Set();
  return {
    has: (id) => reached.has(id),
    plugin: {
      name: 'import-finder',
      buildEnd() {
        const visit = (id) => {
          if (reached.has(id)) return;
          reached.add(id);
          for (const next of this.getModuleInfo(id)?.importedIds ?? []) visit(next);
        };
        visit(sourceOf(name));
      },
    },
  };
}

/** `require` of it gives the plugin itself, as CommonJS has it; `import` compiled to `require` looks for `default`. */
function isDefaultOnly({ isEntry, exports }) {
  return isEntry && exports.length === 1 && exports[0] === 'default';
}
