// Writes the README's table of variables anew: npx tsx test/architecture/write-environment-table.ts
import { writeFileSync } from 'node:fs';
import { environmentTable } from './environment-table.js';
import { read, root } from './source-tree.js';

writeFileSync(
  `${root}README.md`,
  read('README.md').replace(/^\| Variable \|.*\n(?:\|.*\n)+/m, () => `${environmentTable()}\n`),
);
