// How the implementation loads what is not in it.
import { isBuiltin } from 'node:module';
import { Visitor, parseSync } from 'rolldown/utils';
import { optional } from './package.mjs';

/** Stands for `import` until the bundler, which would make it a `require`, is done. */
const nativeImport = '__rollcall_native_import__';

/**
 * Keeps `import()` in CommonJS where `require` will not do: for a URL that a user gives, and as the second attempt for
 * packages that may be missing. Both attempts stand in a `try`, by which bundlers know that the package is optional. The
 * first one is for Jest, which has no `import()` in CommonJS; the second is for bundles that are ES modules, which have no
 * `require`. For their sake Node's own modules come from `process`.
 */
export const loading = {
  name: 'loading',
  transform: {
    filter: { id: { include: ['**/src/**'] }, code: { include: 'import(' } },
    handler(code, id) {
      const edits = parseSync(id, code).module.dynamicImports.flatMap(({ start, end, moduleRequest }) => {
        const given = code.slice(moduleRequest.start, moduleRequest.end);
        const name = literal(given);
        if (name === undefined) return { start, end, text: `${nativeImport}(${given})` };
        return optional.includes(name) ? { start, end, text: eitherWay(given) } : [];
      });
      return edit(code, edits);
    },
  },
  renderChunk(code, { fileName }) {
    const edits = [];
    const visitor = new Visitor({
      CallExpression({ callee, arguments: [first] }) {
        const { start, end, name } = callee;
        if (name === nativeImport) edits.push({ start, end, text: 'import' });
        if (name === 'require' && isBuiltin(first.value)) edits.push({ start, end, text: 'process.getBuiltinModule' });
      },
    });
    visitor.visit(parseSync(fileName, code, { sourceType: 'commonjs' }).program);
    return edit(code, edits);
  },
};

function eitherWay(given) {
  const required = `try { return require(${given}); } catch (error) { if (error.code === 'MODULE_NOT_FOUND') throw error; }`;
  const imported = `try { return await ${nativeImport}(${given}); } catch (error) { throw error; }`;
  return `(async () => { ${required} ${imported} })()`;
}

/** What a quoted text says; undefined for any other expression. */
function literal(given) {
  const [quote] = given;
  return quote === "'" || quote === '"' ? given.slice(1, -1) : undefined;
}

/** Begins at the end, so that the places before an edit stay where they are. */
function edit(code, edits) {
  const fromTheEnd = edits.toSorted((one, other) => other.start - one.start);
  return fromTheEnd.reduce(
    (text, { start, end, text: replacement }) => text.slice(0, start) + replacement + text.slice(end),
    code,
  );
}
