import { expect, it } from 'vitest';
import { targets } from '../servers/targets.js';
import { versionTable, withTable } from '../servers/version-table.js';
import type { Run } from '../servers/version-table.js';
import { read } from './source-tree.js';

const runs = JSON.parse(read('test/servers/results.json')) as Run[];
const page = read('test/servers/README.md');

it('is what the runs wrote', () => {
  expect(withTable(page, versionTable(targets, runs))).toBe(page);
});

it('keeps no run of a server or a version that is no longer tested, and none that was red', () => {
  const pinned = targets.map(({ name, version }) => `${name} ${version}`);
  for (const { name, version, parts } of runs) {
    expect(pinned).toContain(`${name} ${version}`);
    expect(parts.map(({ outcome }) => outcome)).toContain('green');
    expect(parts.map(({ outcome }) => outcome)).not.toContain('red');
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
