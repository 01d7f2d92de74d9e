import { expect, it } from 'vitest';
import { environmentPage, environmentTable, environmentTablePattern } from './environment-table.js';
import { read } from './source-tree.js';

it('has the table of variables that the code reads by; `npx tsx test/architecture/write-environment-table.ts` writes it', () => {
  expect(environmentTablePattern.exec(read(environmentPage))?.[0]).toBe(`${environmentTable()}\n`);
});
