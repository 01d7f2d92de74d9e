import { expect, it } from 'vitest';
import { targets } from '../servers/targets.js';
import { versionTable, withTable } from '../servers/version-table.js';
import type { Run } from '../servers/version-table.js';
import { read } from './source-tree.js';

const runs = JSON.parse(read('test/servers/results.json')) as Run[];
const page = read('test/servers/README.md');

it('is what the runs wrote', () => {
  expect(withTable(page, versionTable(runs))).toBe(page);
});

it('has a green run of every server, in the version that is pinned', () => {
  expect(runs.map(({ name, product, version }) => [name, product, version])).toEqual(
    targets.map(({ name, product, version }) => [name, product, version]),
  );
  for (const { name, parts } of runs) {
    expect(parts.length, name).toBeGreaterThan(0);
    expect(
      parts.filter(({ outcome }) => outcome === 'red'),
      name,
    ).toEqual([]);
  }
});

it('builds Consul and etcd in the versions that their modules require', () => {
  for (const { version, source } of targets) {
    if (source.kind !== 'go') continue;
    const module = read(`test/support/servers/${source.module}/go.mod`);
    expect(module).toContain(`${source.package} v${version}`);
    expect(module).toContain(`tool ${source.package}\n`);
  }
});
