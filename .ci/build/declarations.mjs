// The types of the implementation, and of the ES modules that re-export it.
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { implementationOf } from './facades.mjs';
import { offered, src } from './package.mjs';

const declarationOf = (path) => `${path.slice(0, -'.js'.length)}.d.ts`;

/** Declarations by path. Throws with the compiler's words. */
export function declarationsOf() {
  const emitted = emit();
  const reached = new Set();
  const visit = (path) => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { fileName } of ts.preProcessFile(emitted.get(path)).importedFiles) {
      if (fileName.startsWith('.')) visit(declarationOf(join(dirname(path), fileName)));
    }
  };
  for (const name of offered) visit(`${name}.d.ts`);
  // What no entry leads to would describe what cannot be imported.
  const implementation = [...reached].map((path) => [path, emitted.get(path)]);
  return [
    ...implementation.map(([path, text]) => [join('cjs', path), withExportEquals(text)]),
    ...offered.map((name) => [join('esm', `${name}.d.ts`), facade(name, emitted.get(`${name}.d.ts`))]),
  ];
}

function emit() {
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => fail([diagnostic]) };
  const { fileNames, options } = ts.getParsedCommandLineOfConfigFile(join(src, 'tsconfig.json'), {}, host);
  const program = ts.createProgram(fileNames, { ...options, emitDeclarationOnly: true, outDir: src });
  const emitted = new Map();
  const { diagnostics } = program.emit(undefined, (path, text) => emitted.set(relative(src, path), text));
  fail([...ts.getPreEmitDiagnostics(program), ...diagnostics]);
  return emitted;
}

function fail(diagnostics) {
  if (diagnostics.length === 0) return;
  throw new Error(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (path) => path,
      getCurrentDirectory: () => src,
      getNewLine: () => '\n',
    }),
  );
}

/** For `import`. The types are those of the implementation, so that both ways in have the same classes. */
function facade(name, text) {
  const implementation = implementationOf(name);
  return defaultExportOf(text) === undefined
    ? `export * from '${implementation}';\n`
    : `export { default } from '${implementation}';\n`;
}

/** `module.exports` is the thing itself and has it as `default` as well. */
function withExportEquals(text) {
  const statement = defaultExportOf(text);
  if (statement === undefined) return text;
  const name = statement.expression.getText();
  const type = `typeof ${name} & { readonly default: typeof ${name} }`;
  const equals = `${docsOf(name, statement.parent)}declare const exported: ${type};\nexport = exported;`;
  return text.slice(0, statement.getStart()) + equals + text.slice(statement.end);
}

/** What an editor shows of it. */
function docsOf(name, { statements }) {
  const declaring = statements.find(
    (statement) =>
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.some((each) => each.name.getText() === name),
  );
  return ts
    .getJSDocCommentsAndTags(declaring)
    .map((doc) => `${doc.getText()}\n`)
    .join('');
}

/** The statement `export default …` of a file that has no other export. */
function defaultExportOf(text) {
  const { statements } = ts.createSourceFile('entry.d.ts', text, ts.ScriptTarget.ESNext, true);
  const exporting = statements.filter(
    (statement) => ts.isExportAssignment(statement) || ts.isExportDeclaration(statement) || isExported(statement),
  );
  const [only] = exporting;
  return exporting.length === 1 && ts.isExportAssignment(only) ? only : undefined;
}

function isExported(statement) {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}
