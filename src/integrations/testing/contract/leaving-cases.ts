import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { hasCode } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import { eventually, listed, live, none, passing, sample } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

/** Removing entries: which incarnation may do it, and that removing twice is not an error. */
export const leavingCases: readonly ContractCase[] = [
  {
    name: 'keeps the instances of one service apart',
    async run(harness: ContractHarness): Promise<undefined> {
      const first = await live(harness);
      const second = await live(harness, { name: first.instance.name });
      await first.registration.deregister(none);
      await eventually(async () => (await listed(harness, first.instance)) === undefined, 'the first is gone');
      assert.equal((await harness.registry.read(keyOf(second.instance), none))?.status, 'passing');
      await eventually(async () => (await listed(harness, second.instance)) === 'passing', 'the second is there');
    },
  },
  {
    name: 'fails the heartbeat of an earlier incarnation as lost',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      const successor = { ...instance, nonce: randomUUID() };
      await harness.registry.register(successor, passing, none);
      assert.equal((await harness.registry.read(keyOf(successor), none))?.instance.nonce, successor.nonce);
      if (!harness.beatsKnowTheirOwner) return;
      assert.equal((await harness.registry.read(keyOf(successor), none))?.status, 'critical');
      await assert.rejects(registration.renew(passing, none), (error) => hasCode(error, 'ROLLCALL_REGISTRATION_LOST'));
      assert.equal((await harness.registry.read(keyOf(successor), none))?.status, 'critical');
    },
  },
  {
    name: 'keeps the entry of a later incarnation when an earlier one deregisters',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      const successor = { ...instance, nonce: randomUUID() };
      await harness.registry.register(successor, passing, none);
      await registration.deregister(none);
      assert.equal((await harness.registry.read(keyOf(successor), none))?.instance.nonce, successor.nonce);
    },
  },
  {
    name: 'deregisters, also twice',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      await registration.deregister(none);
      await registration.deregister(none);
      assert.equal(await harness.registry.read(keyOf(instance), none), undefined);
      await eventually(async () => (await listed(harness, instance)) === undefined, 'readers see it gone');
      await assert.rejects(registration.renew(passing, none), (error) => hasCode(error, 'ROLLCALL_REGISTRATION_LOST'));
    },
  },
  {
    name: 'removes an absent entry without an error, with and without a nonce',
    async run(harness: ContractHarness): Promise<undefined> {
      const { nonce, ...key } = keyOf(sample(harness));
      await harness.registry.remove(key, none);
      await harness.registry.remove({ ...key, ...(nonce !== undefined && { nonce }) }, none);
    },
  },
  {
    name: 'removes any incarnation by its id, and only the matching one by id and nonce',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance } = await live(harness);
      await harness.registry.remove({ ...keyOf(instance), nonce: randomUUID() }, none);
      assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'passing');
      await harness.registry.remove(keyOf(instance), none);
      assert.equal(await harness.registry.read(keyOf(instance), none), undefined);
      const { nonce: _any, ...anyIncarnation } = keyOf((await live(harness)).instance);
      await harness.registry.remove(anyIncarnation, none);
      assert.equal(await harness.registry.read(anyIncarnation, none), undefined);
    },
  },
];
