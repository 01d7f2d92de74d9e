import { parseSync } from 'rolldown/utils';
import { optional } from './package.mjs';

/** Stands for `import` until the bundler, which would make it a `require`, is done. */
const marker = '__rollcall_native_import__';

/**
 * Keeps `import()` in CommonJS where `require` will not do: for a URL that a user gives, and as the second attempt for packages that may be missing.
 * Both attempts stand in a `try`, by which bundlers know that the package is optional. The first one is for Jest, which has no `import()` in
 * CommonJS, the second for ES modules, which have no `require`.
 */
export const nativeImport = {
  name: 'native-import',
  transform: {
    filter: { id: { include: ['**/src/**'] }, code: { include: 'import(' } },
    handler(code, id) {
      const { module } = parseSync(id, code);
      // From the end, so that the places before it stay where they are.
      return module.dynamicImports.toReversed().reduce((text, { start, end, moduleRequest }) => {
        const given = code.slice(moduleRequest.start, moduleRequest.end);
        const replacement = replace(given);
        return replacement === undefined ? text : text.slice(0, start) + replacement + text.slice(end);
      }, code);
    },
  },
  renderChunk: (code) => (code.includes(marker) ? code.replaceAll(marker, 'import') : null),
};

function replace(given) {
  const name = literal(given);
  if (name === undefined) return `${marker}(${given})`;
  if (!optional.includes(name)) return undefined;
  return `(async () => { try { return require(${given}); } catch {} try { return await ${marker}(${given}); } catch (error) { throw error; } })()`;
}

/** What a quoted text says; undefined for any other expression. */
function literal(given) {
  const [quote] = given;
  return quote === "'" || quote === '"' ? given.slice(1, -1) : undefined;
}
