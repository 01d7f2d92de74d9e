import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { hasCode } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import type { ServiceInstance } from '../../../contracts/service-instance.js';
import type { Registration } from '../../../contracts/registry.js';
import { LONG_TTL_MS, eventually, none, passing, readersSee, sample } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

const hostile = [
  'a/b',
  '..',
  '.',
  '../../etc',
  '%2f',
  '%',
  '?x',
  '#x',
  'a b',
  ' a',
  'a+b',
  '&x=1',
  'a',
  'käse',
  '日本',
  '😀',
  '__proto__',
  'constructor',
  '{id}',
  '"q"',
  "'q'",
  '*',
  'a:ttl',
  'a\\b',
  'x'.repeat(250),
];

/** Ids and names with characters that have a meaning in URLs, paths or code. */
export const hostileCases: readonly ContractCase[] = [
  {
    name: 'registers exactly one entry for each hostile id, or rejects it as malformed',
    async run(harness: ContractHarness): Promise<undefined> {
      const name = sample(harness).name;
      const accepted: { instance: ServiceInstance; registration: Registration }[] = [];
      for (const id of hostile) {
        const instance = sample(harness, { name, id, ttlMs: LONG_TTL_MS });
        const registration = await unlessRejected(harness.registry.register(instance, passing, none));
        if (registration === undefined) continue;
        accepted.push({ instance, registration });
        await registration.renew(passing, none);
        assert.equal((await harness.registry.read(keyOf(instance), none))?.instance.id, id);
      }
      assert.ok(accepted.length > hostile.length / 2, 'it accepts most of them');
      const instances = accepted.map(({ instance }) => instance);
      const expected = instances.map(({ id }) => id).sort();
      await eventually(async () => isDeepStrictEqual(await ids(harness, name, instances), expected), 'one entry each');
      for (const { registration } of accepted) await registration.deregister(none);
      await eventually(async () => (await ids(harness, name, instances)).length === 0, 'all gone');
    },
  },
  {
    name: 'keeps services with hostile names apart, or rejects them as malformed',
    async run(harness: ContractHarness): Promise<undefined> {
      const accepted: { instance: ServiceInstance; registration: Registration }[] = [];
      for (const part of hostile) {
        const instance = sample(harness, { name: part, ttlMs: LONG_TTL_MS });
        const registration = await unlessRejected(harness.registry.register(instance, passing, none));
        if (registration !== undefined) accepted.push({ instance, registration });
      }
      try {
        assert.ok(accepted.length > hostile.length / 2, 'it accepts most of them');
        for (const { registration } of accepted) await registration.renew(passing, none);
        for (const { instance } of accepted) {
          await eventually(
            async () => isDeepStrictEqual(await ids(harness, instance.name, [instance]), [instance.id]),
            `${JSON.stringify(instance.name)} has only its own entry`,
          );
        }
      } finally {
        for (const { registration } of accepted) await registration.deregister(none);
      }
    },
  },
];

async function ids(harness: ContractHarness, name: string, candidates: readonly ServiceInstance[]): Promise<string[]> {
  return (await readersSee(harness, name, candidates)).map(({ id }) => id).sort();
}

async function unlessRejected(registering: Promise<Registration>): Promise<Registration | undefined> {
  try {
    return await registering;
  } catch (error) {
    assert.ok(
      hasCode(error, 'ROLLCALL_REGISTRY_REJECTED'),
      `expected ROLLCALL_REGISTRY_REJECTED, not ${String(error)}`,
    );
    return undefined;
  }
}
