import { afterEach, expect, it } from 'vitest';
import { Registrar, memory } from 'rollcall';
import type { Registry, ShutdownPolicy } from 'rollcall';
import { waitFor } from '../../support/wait-for.js';
import { bare } from './instances.js';

// Consul keeps the reason as the note of a check, other registries as a field of the entry: see the golden files.
const NEW_DISKS = 'rollcall: new disks';
const STOPPED = 'rollcall: stopped';

const { signal } = new AbortController();
const key = { name: bare.name, id: bare.id };
/** By address and port a Registrar tells its own past self. */
const place = { address: '10.0.0.1', port: 8080 };
const past = { ...bare, ...place, ttlMs: 60_000 };
const running: Registrar[] = [];
afterEach(async () => {
  for (const registrar of running.splice(0)) await registrar.stop();
});

/** One that may be read after a Registrar has closed it. */
function lasting(): Registry {
  return Object.assign(memory(), { close: () => Promise.resolve() });
}

async function started(registry: Registry, policy: ShutdownPolicy = 'deregister'): Promise<Registrar> {
  const registrar = new Registrar({
    ...key,
    ...place,
    registry,
    logger: false,
    shutdown: { signals: false, drain: { min: 0, quiet: 0, max: '1s' }, policy },
  });
  running.push(registrar);
  await registrar.start();
  return registrar;
}

it('marks a maintenance of our own', async () => {
  const registry = lasting();
  const registrar = await started(registry);
  await registrar.maintenance(true, 'new disks');
  expect(await registry.read(key, signal)).toMatchObject({
    maintenance: { reason: NEW_DISKS },
    checks: [{ output: NEW_DISKS }],
  });
});

it.each([
  ['maintenance', { status: 'maintenance', maintenance: { reason: STOPPED } }],
  ['critical', { status: 'critical', checks: [{ status: 'critical', output: 'stopped' }] }],
] as const)('leaves the golden entry when it stops by the policy %s', async (policy, left) => {
  const registry = lasting();
  const registrar = await started(registry, policy);
  await registrar.stop();
  expect(await registry.read(key, signal)).toMatchObject(left);
});

it.each([NEW_DISKS, STOPPED])('lifts what another process of ours has set: %s', async (reason) => {
  const registry = lasting();
  await registry.register(past, { status: 'maintenance', reason }, signal);
  await started(registry);
  await waitFor(async () => (await registry.read(key, signal))?.maintenance === undefined);
  expect(await registry.read(key, signal)).toMatchObject({ status: 'passing' });
});

it('leaves what an operator has set', async () => {
  const registry = lasting();
  await registry.register(past, { status: 'maintenance', reason: 'new disks' }, signal);
  await started(registry);
  await waitFor(async () => (await registry.read(key, signal))?.checks[0]?.output === 'ok');
  expect(await registry.read(key, signal)).toMatchObject({
    status: 'maintenance',
    maintenance: { reason: 'new disks' },
  });
});
