import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policy } from '../../../src/cli/policy.js';
import { runCommand } from '../../support/run-command.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-policy-'));
  for (const variable of ['SERVICE_NAME', 'CONSUL_NAMESPACE', 'CONSUL_PARTITION']) vi.stubEnv(variable, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const rulesOf = async (...words: string[]) =>
  (await runCommand(policy, words)).out.filter((line) => line.includes('{')).map((line) => line.trim());

it('is write on the service, and read on the nodes that readers are told of', async () => {
  expect(await runCommand(policy, ['orders'])).toEqual({
    status: 0,
    out: [
      '# register, beat, read, maintenance, deregister',
      'service "orders" {',
      '  policy = "write"',
      '}',
      '# what readers of a service see: to confirm a deregistration, and for discovery',
      'node_prefix "" {',
      '  policy = "read"',
      '}',
    ],
    err: [],
  });
});

it('has rules for what is looked up, and for the live configuration', async () => {
  expect(await rulesOf('orders', '--discover', 'stock', '--discover', 'orders', '--kv', 'config/orders/')).toEqual([
    'service "orders" {',
    'service "stock" {',
    'node_prefix "" {',
    'key "config/orders" {',
    'key_prefix "config/orders/" {',
  ]);
});

it('takes the name from a file, or from the environment', async () => {
  const manifest = join(folder, 'package.json');
  await writeFile(manifest, '{ "name": "@shop/stock" }');
  expect(await rulesOf(manifest)).toEqual(['service "stock" {', 'node_prefix "" {']);
  vi.stubEnv('SERVICE_NAME', 'from-env');
  expect(await rulesOf()).toEqual(['service "from-env" {', 'node_prefix "" {']);
});

it('stands in the namespace and partition that the environment names', async () => {
  vi.stubEnv('CONSUL_NAMESPACE', 'team');
  vi.stubEnv('CONSUL_PARTITION', 'blue');
  expect(await rulesOf('orders')).toEqual([
    'partition "blue" {',
    'namespace "team" {',
    'service "orders" {',
    'node_prefix "" {',
  ]);
});

it('says how it is used when there is nothing to print it for, or no such option', async () => {
  await writeFile(join(folder, 'empty.json'), '{}');
  for (const words of [[join(folder, 'empty.json')], ['--nonsense'], [join(folder, 'absent.json')]]) {
    expect(await runCommand(policy, words)).toMatchObject({
      status: 2,
      out: [],
      err: expect.arrayContaining([expect.stringContaining('Usage: rollcall policy')]) as string[],
    });
  }
  expect(await runCommand(policy, ['--help'])).toMatchObject({
    status: 0,
    out: expect.arrayContaining([expect.stringContaining('Usage: rollcall policy')]) as string[],
    err: [],
  });
});
