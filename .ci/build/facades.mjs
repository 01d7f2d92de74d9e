// The ES modules through which an app imports the implementation.
import { dirname, join, posix } from 'node:path';

/** By path, from what each entry exports. */
export function facadesOf(entries) {
  return entries.map(({ name, exports }) => [join('esm', `${name}.js`), facade(implementationOf(name), exports)]);
}

/** The CommonJS file, as seen from the ES module of that name. */
export function implementationOf(name) {
  return posix.join(posix.relative(dirname(name), '..'), 'cjs', `${name}.js`);
}

function facade(implementation, exports) {
  return `export { ${exports.join(', ')} } from '${implementation}';\n`;
}
