import ts from 'typescript';
import { root } from './source-tree.js';

/** The project as its own tsconfig compiles it, restricted to `files`; `virtual` files exist in memory only. */
export function compile(files: readonly string[], virtual: ReadonlyMap<string, string> = new Map()): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const fromDisk = { read: host.readFile.bind(host), exists: host.fileExists.bind(host) };
  host.readFile = (path) => virtual.get(path) ?? fromDisk.read(path);
  host.fileExists = (path) => virtual.has(path) || fromDisk.exists(path);
  return ts.createProgram({
    rootNames: [...files],
    options: { ...options, noUnusedLocals: false, noUnusedParameters: false },
    host,
  });
}

/** The exported symbols of a module of the project. */
export function exportsOf(program: ts.Program, path: string): ts.Symbol[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(root + path);
  const symbol = source && checker.getSymbolAtLocation(source);
  if (!symbol) throw new Error(`${path} is not a module of the project`);
  return checker
    .getExportsOfModule(symbol)
    .map((each) => (each.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(each) : each));
}

/** The declared type of an exported interface or alias. */
export function exportedType(program: ts.Program, path: string, name: string): ts.Type {
  const symbol = exportsOf(program, path).find((each) => each.name === name);
  if (!symbol) throw new Error(`${path} exports no ${name}`);
  return program.getTypeChecker().getDeclaredTypeOfSymbol(symbol);
}
