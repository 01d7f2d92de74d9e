import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { hasCode } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import type { ServiceInstance } from '../../../contracts/service-instance.js';
import type { Registration } from '../../../contracts/registry.js';
import { eventually, none, passing, readersSee, sample } from './contract-case.js';
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

/** None of so many may expire while the others are being written. */
const AMPLE_MS = 60_000;

/** Ids and names that try to be something else. */
export const hostileCases: readonly ContractCase[] = [
  {
    name: 'makes exactly one entry of each hostile id, or refuses it clearly',
    async run(harness: ContractHarness): Promise<void> {
      const name = sample(harness).name;
      const taken: { instance: ServiceInstance; registration: Registration }[] = [];
      for (const id of hostile) {
        const instance = sample(harness, { name, id, ttlMs: AMPLE_MS });
        const registration = await unlessRejected(harness.registry.register(instance, passing, none));
        if (registration === undefined) continue;
        taken.push({ instance, registration });
        await registration.renew(passing, none);
        assert.equal((await harness.registry.read(keyOf(instance), none))?.instance.id, id);
      }
      assert.ok(taken.length > hostile.length / 2, 'most of them can be kept');
      const instances = taken.map(({ instance }) => instance);
      const expected = instances.map(({ id }) => id).sort();
      await eventually(async () => isDeepStrictEqual(await ids(harness, name, instances), expected), 'one entry each');
      for (const { registration } of taken) await registration.deregister(none);
      await eventually(async () => (await ids(harness, name, instances)).length === 0, 'all gone');
    },
  },
  {
    name: 'keeps services of hostile names apart, or refuses them clearly',
    async run(harness: ContractHarness): Promise<void> {
      const taken: { instance: ServiceInstance; registration: Registration }[] = [];
      for (const part of hostile) {
        const instance = sample(harness, { name: part, ttlMs: AMPLE_MS });
        const registration = await unlessRejected(harness.registry.register(instance, passing, none));
        if (registration !== undefined) taken.push({ instance, registration });
      }
      try {
        assert.ok(taken.length > hostile.length / 2, 'most of them can be kept');
        for (const { registration } of taken) await registration.renew(passing, none);
        for (const { instance } of taken) {
          await eventually(
            async () => isDeepStrictEqual(await ids(harness, instance.name, [instance]), [instance.id]),
            `${JSON.stringify(instance.name)} has its own entry alone`,
          );
        }
      } finally {
        for (const { registration } of taken) await registration.deregister(none);
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
    assert.ok(hasCode(error, 'ROLLCALL_REGISTRY_REJECTED'), `a clear refusal, not ${String(error)}`);
    return undefined;
  }
}
