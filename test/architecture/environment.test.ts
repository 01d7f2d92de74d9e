import { expect, it } from 'vitest';
import { environmentTable } from './environment-table.js';
import { read } from './source-tree.js';

it('has in the README the table of variables that the code reads by; `npx tsx test/architecture/write-environment-table.ts` writes it', () => {
  expect(read('README.md').match(/^\| Variable \|.*\n(?:\|.*\n)+/m)?.[0]).toBe(`${environmentTable()}\n`);
});
