import ts from 'typescript';
import { expect, it } from 'vitest';
import { compile } from './compiler.js';
import { allPages, runnable, snippetsOf } from './pages.js';
import { root } from './source-tree.js';

it('shows code that compiles as it stands', () => {
  const snippets = new Map(
    allPages.flatMap(snippetsOf).map(({ place, code }) => {
      const name = place.replace(/[^A-Za-z0-9]+/g, '-');
      return [`${root}test/snippet-${name}.ts`, `${runnable(code)}\nexport {};\n`];
    }),
  );
  expect(snippets.size).toBeGreaterThan(0);
  const program = compile([...snippets.keys()], snippets);
  const problems = [...snippets.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  expect(
    ts.formatDiagnostics(problems, {
      getCurrentDirectory: () => root,
      getCanonicalFileName: (path) => path,
      getNewLine: () => '\n',
    }),
  ).toBe('');
}, 120_000);
