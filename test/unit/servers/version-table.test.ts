import { expect, it } from 'vitest';
import { versionTable, withTable } from '../../servers/version-table.js';
import type { Run } from '../../servers/version-table.js';

const run: Run = {
  name: 'valkey@9',
  product: 'Valkey',
  version: '9.1.2',
  date: '2026-01-31',
  command: 'npm run test:servers valkey@9',
  parts: [
    { part: 'contract', outcome: 'green', detail: '120 passed' },
    { part: 'integration', outcome: 'green', detail: '20 passed' },
    { part: 'integration', outcome: 'not run', detail: '"over TLS": no TLS' },
  ],
};

const other = { name: 'redis@6', product: 'Redis', version: '6.0.16' };

it('has a row for each server, with what could not be run', () => {
  expect(
    versionTable([run, other], [run, { ...run, name: 'redis@6', version: '6.0.1' }])
      .split('\n')
      .slice(2),
  ).toEqual([
    '| Valkey 9.1.2 | contract: 120 passed; integration: 20 passed | "over TLS": no TLS | 2026-01-31 | `npm run test:servers valkey@9` |',
    '| Redis 6.0.16 | no whole run was green yet | all | - | - |',
  ]);
});

it('takes the place of the table that the page has, and of nothing else', () => {
  const page = 'before\n<!-- Written by `npm run test:servers`. -->\nold\n<!-- End of what is written. -->\nafter\n';
  const written = withTable(page, 'new');
  expect(written).toBe(page.replace('old\n', 'new\n\n'));
  expect(withTable(written, 'new')).toBe(written);
  expect(() => withTable('nothing', 'new')).toThrow('no place for the table');
});
