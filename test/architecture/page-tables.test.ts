import type ts from 'typescript';
import { expect, it } from 'vitest';
import { compile, exportedType } from './compiler.js';
import { readmeNames } from './readme.js';
import { root } from './source-tree.js';

const program = compile([`${root}src/config/options.ts`, `${root}src/contracts/events.ts`]);
const checker = program.getTypeChecker();

it('has a row in the README for every event, and no other', () => {
  const events = exportedType(program, 'src/contracts/events.ts', 'RegistrarEvents').getProperties();
  expect(readmeNames('Event').sort()).toEqual(events.map(({ name }) => name).sort());
});

it('has a row in the README for every option, and no other', () => {
  const options = optionsOf(exportedType(program, 'src/config/options.ts', 'RegistrarOptions'));
  const rows = readmeNames('Option');
  expect(new Set(rows).size, 'an option is described once').toBe(rows.length);
  expect(options.filter(({ name, group }) => !group && !rows.includes(name)).map(({ name }) => name)).toEqual([]);
  expect(rows.filter((row) => !options.some(({ name }) => name === row))).toEqual([]);
});

it('has a row in the README for everything a component can have, and no other', () => {
  const options = exportedType(program, 'src/config/options.ts', 'ComponentOptions').getProperties();
  expect(readmeNames('Component').sort()).toEqual(options.map(({ name }) => name).sort());
});

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
