import ts from 'typescript';
import { expect, it } from 'vitest';
import { compile } from './compiler.js';
import { readmeSnippets } from './readme.js';
import { root } from './source-tree.js';

it('shows code in the README that compiles as it stands', () => {
  const snippets = new Map(
    readmeSnippets().map((code, i) => [`${root}test/readme-snippet-${i + 1}.ts`, `${code}\nexport {};\n`]),
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
