import assert from 'node:assert/strict';
import { keyOf } from '../../../contracts/service-instance.js';
import { eventually, listed, live, none, passing, readersSee, sample } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

/** The optional verbs that spare a start or a stop round trips. */
export const roundTripCases: readonly ContractCase[] = [
  {
    name: 'finds one instance as its list shows it, if it can find one alone',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const { discovery } = harness.registry;
      if (discovery?.find === undefined) return 'the registry has no `find` in `discovery`';
      const { instance, registration } = await live(harness);
      const [shown] = await readersSee(harness, instance.name, [instance]);
      assert.deepEqual(await discovery.find(keyOf(instance), none), shown);
      await registration.renew({ status: 'critical', reason: 'down' }, none);
      assert.equal((await discovery.find(keyOf(instance), none))?.status, 'critical');
      assert.equal(await discovery.find(keyOf(sample(harness)), none), undefined);
      await registration.deregister(none);
      assert.equal(await discovery.find(keyOf(instance), none), undefined);
    },
  },
  {
    name: 'registers an instance that it got ready for, and another incarnation that came first',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const { registry } = harness;
      if (registry.prepare === undefined) return 'the registry has no `prepare`';
      const instance = sample(harness);
      await Promise.all([registry.prepare(instance, none), registry.read(keyOf(instance), none)]);
      await (await registry.register(instance, passing, none)).renew(passing, none);
      await eventually(async () => (await listed(harness, instance)) === 'passing', 'listed');
      const next = { ...instance, nonce: 'the next one' };
      await registry.prepare(next, none);
      await registry.read(keyOf(next), none);
      // What was found is out of date by now.
      await registry.remove(keyOf(instance), none);
      const registration = await registry.register(next, passing, none);
      await registration.renew(passing, none);
      assert.equal((await registry.read(keyOf(next), none))?.instance.nonce, next.nonce);
      await registration.deregister(none);
      assert.equal(await registry.read(keyOf(next), none), undefined);
    },
  },
];
