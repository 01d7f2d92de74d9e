import { basename } from 'node:path';
import type ts from 'typescript';
import { expect, it } from 'vitest';
import { compile, exportedType } from './compiler.js';
import { codeIn } from './markdown-tables.js';
import { defaultsIn, namesIn, rowsOf, tables } from './pages.js';
import { filesBelow, read, root } from './source-tree.js';

const backends = [
  { kind: 'consul', options: 'ConsulAgentsOptions' },
  { kind: 'etcd', options: 'EtcdOptions' },
  { kind: 'file', options: 'FileOptions' },
  { kind: 'redis', options: 'RedisOptions' },
].map((each) => ({ ...each, path: `src/backends/${each.kind}/${each.kind}-options.ts` }));
const program = compile(
  [
    'src/config/options.ts',
    'src/contracts/events.ts',
    'src/contracts/registry.ts',
    ...backends.map(({ path }) => path),
  ].map((path) => root + path),
);
const checker = program.getTypeChecker();

it('has a row for every event, and no other', () => {
  const events = exportedType(program, 'src/contracts/events.ts', 'RegistrarEvents').getProperties();
  expect(namesIn(tables.events).sort()).toEqual(events.map(({ name }) => name).sort());
});

it('has a row for every option, and no other', () => {
  const options = optionsOf(exportedType(program, 'src/config/options.ts', 'RegistrarOptions'));
  const rows = namesIn(tables.options);
  expect(new Set(rows).size, 'an option is described once').toBe(rows.length);
  expect(options.filter(({ name, group }) => !group && !rows.includes(name)).map(({ name }) => name)).toEqual([]);
  expect(rows.filter((row) => !options.some(({ name }) => name === row))).toEqual([]);
});

it('has a row for everything a component can have, and no other', () => {
  const options = exportedType(program, 'src/config/options.ts', 'ComponentOptions').getProperties();
  expect(namesIn(tables.components).sort()).toEqual(options.map(({ name }) => name).sort());
});

it.each(backends)('has a row for every option of $kind(), and no other', ({ kind, options, path }) => {
  const known = exportedType(program, path, options).getProperties();
  // A group of options has a row for each of them, or one for all.
  const rows = namesIn({ page: `src/backends/${kind}/README.md`, heading: `\`${kind}()\`` });
  const groups = new Set(rows.map((name) => name.split('.')[0]));
  expect([...groups].sort()).toEqual(known.map(({ name }) => name).sort());
});

it('has a row for every member of a registry and of its receipt, and no other', () => {
  const page = 'src/backends/README.md';
  const membersOf = (name: string) =>
    exportedType(program, 'src/contracts/registry.ts', name)
      .getProperties()
      .map((member) => member.name)
      .sort();
  const rowsUnder = (...headings: string[]) =>
    headings.flatMap((heading) => namesIn({ page, heading }).map((name) => name.replace(/\(.*/, ''))).sort();
  expect(rowsUnder('Member', 'Optional member')).toEqual(membersOf('Registry'));
  expect(rowsUnder('Trait')).toEqual(membersOf('RegistryTraits'));
  // Only a chain says at which level an entry is, and that it is not listed.
  const ofChains = ['level', 'provisional'];
  expect(rowsUnder('`Registration`')).toEqual(membersOf('Registration').filter((name) => !ofChains.includes(name)));
});

it('says of the options that most services set what the page of all options says', () => {
  const defaultOf = defaultsIn(tables.options);
  const short = rowsOf(tables.mostSetOptions).map(([name = '', , value]) => [codeIn(name)[0], value]);
  expect(short.length).toBe(10);
  expect(short).toEqual(short.map(([name = '']) => [name, defaultOf.get(name)?.replace(/^found, see .*/, 'found')]));
});

it('has a row for every proof with its command, and a figure in each', () => {
  expectCommands(rowsOf(tables.proofs), 'prove');
});

it('has a row for every bench with its command, and a figure in each', () => {
  expectCommands(rowsOf(tables.benches), 'bench');
});

it('names at the top no command that has no row of its own, and a figure in each row', () => {
  const known = [...rowsOf(tables.proofs), ...rowsOf(tables.benches)].map(([, command]) => command);
  const promises = rowsOf(tables.promises);
  expect(promises.filter(([, , command]) => !known.includes(command))).toEqual([]);
  expect(promises.filter(([, measured = '']) => !/\d/.test(measured))).toEqual([]);
});

it('has a row for every example, and no other', () => {
  const examples = filesBelow('examples').filter((path) => /^examples\/[^/]+\.ts$/.test(path));
  const named = rowsOf(tables.examples).flatMap(([, example = '']) => codeIn(example));
  const files = named.filter((name) => name.endsWith('.ts'));
  expect(files.sort()).toEqual(examples.map((path) => basename(path)).sort());
});

/** `npm run prove -- kill` for every experiment that the runner can load, and no other. */
function expectCommands(rows: readonly string[][], script: string): void {
  const loaded = [...read(`test/${script}/run.ts`).matchAll(/import\('\.\/([a-z-]+)\/\1\.js'\)/g)];
  const commands = loaded.map(([, name = '']) => `npm run ${script} -- ${name}`);
  expect(commands.length).toBeGreaterThan(0);
  expect(rows.flatMap(([, command = '']) => codeIn(command)).sort()).toEqual(commands.sort());
  expect(rows.filter(([, , measured = '']) => !/\d/.test(measured))).toEqual([]);
}

/** Dotted names of all options; a group, which is described by its members, may have a row of its own. */
function optionsOf(type: ts.Type, prefix = ''): { name: string; group: boolean }[] {
  return type.getProperties().flatMap((property) => {
    const name = prefix + property.name;
    const declared = checker.getTypeOfSymbol(property);
    const nested = (declared.isUnion() ? declared.types : [declared]).find((each) =>
      /Options$/.test(each.getSymbol()?.name ?? ''),
    );
    return nested ? [{ name, group: true }, ...optionsOf(nested, `${name}.`)] : [{ name, group: false }];
  });
}
