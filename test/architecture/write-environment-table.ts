// Writes the table of variables anew: npx tsx test/architecture/write-environment-table.ts
import { writeFileSync } from 'node:fs';
import { environmentPage, environmentTable, environmentTablePattern } from './environment-table.js';
import { read, root } from './source-tree.js';

writeFileSync(
  root + environmentPage,
  read(environmentPage).replace(environmentTablePattern, () => `${environmentTable()}\n`),
);
