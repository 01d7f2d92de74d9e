import assert from 'node:assert/strict';
import { hasCode } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import { eventually, listed, live, none, passing, readersSee, sample } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

/** Registration, heartbeats, expiry and maintenance. */
export const livingCases: readonly ContractCase[] = [
  {
    name: 'returns the registered fields',
    async run(harness: ContractHarness): Promise<undefined> {
      const instance = sample(harness, {
        tags: ['blue', 'v2'],
        meta: { version: '1.2.3', ['__proto__']: 'y' },
        weights: { passing: 5, warning: 2 },
      });
      await harness.registry.register(instance, passing, none);
      const entry = await harness.registry.read(keyOf(instance), none);
      const { name, id, address, port, tags, meta, weights, nonce } = instance;
      assert.deepEqual(entry?.instance, { name, id, address, port, tags, meta, weights, nonce });
    },
  },
  {
    name: 'registers an instance without a port',
    async run(harness: ContractHarness): Promise<undefined> {
      const { port: _absent, ...portless } = sample(harness);
      await harness.registry.register(portless, passing, none);
      const entry = await harness.registry.read(keyOf(portless), none);
      assert.equal(entry?.instance.id, portless.id);
      assert.equal(entry.instance.port, undefined);
    },
  },
  {
    name: 'has no entry for an id that was never registered',
    async run(harness: ContractHarness): Promise<undefined> {
      assert.equal(await harness.registry.read(keyOf(sample(harness)), none), undefined);
      assert.equal(await listed(harness, sample(harness)), undefined);
    },
  },
  {
    name: 'does not list an instance as passing before its first heartbeat',
    async run(harness: ContractHarness): Promise<undefined> {
      const instance = sample(harness);
      await harness.registry.register(instance, passing, none);
      assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'critical');
      assert.notEqual(await listed(harness, instance), 'passing');
    },
  },
  ...(['passing', 'warning', 'critical'] as const).map((status) => ({
    name: `shows the ${status} status and the reason of a heartbeat`,
    async run(harness: ContractHarness): Promise<undefined> {
      const instance = sample(harness);
      const registration = await harness.registry.register(instance, passing, none);
      const renewal = await registration.renew({ status, reason: `it is ${status}` }, none);
      assert.ok(renewal.ttlMs >= harness.ttlMs, 'the granted lease is at least the requested one');
      const entry = await harness.registry.read(keyOf(instance), none);
      assert.equal(entry?.status, status);
      assert.ok(entry.checks.some((check) => check.status === status && check.output === `it is ${status}`));
      await eventually(async () => (await listed(harness, instance)) === status, `readers see ${status}`);
    },
  })),
  {
    name: 'follows the health from one heartbeat to the next',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      for (const status of ['critical', 'passing', 'warning', 'passing'] as const) {
        await registration.renew({ status, reason: status }, none);
        assert.equal((await harness.registry.read(keyOf(instance), none))?.status, status);
      }
    },
  },
  {
    name: 'fails a heartbeat as lost when the registry has lost the entry',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      await harness.forget(keyOf(instance));
      await assert.rejects(
        registration.renew(passing, none),
        (error) => hasCode(error, 'ROLLCALL_REGISTRATION_LOST') && error.retryable,
      );
      assert.equal(await harness.registry.read(keyOf(instance), none), undefined);
    },
  },
  {
    name: 'registers a lost instance again, and not as passing before a heartbeat',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance } = await live(harness);
      await harness.forget(keyOf(instance));
      const again = await harness.registry.register(instance, passing, none);
      assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'critical');
      await again.renew(passing, none);
      await eventually(async () => (await listed(harness, instance)) === 'passing', 'listed again');
    },
  },
  {
    name: 'overwrites the fields of an entry that is registered again, and keeps its health',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance } = await live(harness);
      const changed = { ...instance, tags: ['green'], meta: { version: '2' }, port: 4001 };
      const registration = await harness.registry.register(changed, passing, none);
      const entry = await harness.registry.read(keyOf(instance), none);
      assert.deepEqual(
        [entry?.instance.tags, entry?.instance.meta, entry?.instance.port],
        [['green'], { version: '2' }, 4001],
      );
      assert.equal(entry?.status, 'passing');
      await registration.renew(passing, none);
      await eventually(
        async () => (await readersSee(harness, instance.name, [changed])).map(({ port }) => port).join() === '4001',
        'readers see one entry, the new one',
      );
    },
  },
  {
    name: 'stops listing an instance as passing when its lease expires, until the next heartbeat or registration',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      await harness.advance(harness.ttlMs + 1);
      await eventually(async () => (await listed(harness, instance)) !== 'passing', 'out of the list');
      const entry = await harness.registry.read(keyOf(instance), none);
      assert.notEqual(entry?.status, 'passing');
      const renewed = await registration.renew(passing, none).then(() => true, unlessLost);
      if (!renewed) await (await harness.registry.register(instance, passing, none)).renew(passing, none);
      await eventually(async () => (await listed(harness, instance)) === 'passing', 'listed again');
    },
  },
  {
    name: 'keeps an instance passing as long as heartbeats arrive',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      for (let beat = 0; beat < 4; beat += 1) {
        await harness.advance(harness.ttlMs / 2);
        await registration.renew(passing, none);
        assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'passing');
      }
    },
  },
  {
    name: 'keeps an instance that is registered in maintenance out of traffic, whatever its heartbeats report',
    async run(harness: ContractHarness): Promise<undefined> {
      const instance = sample(harness);
      const registration = await harness.registry.register(
        instance,
        { status: 'maintenance', reason: 'new disks & more' },
        none,
      );
      await registration.renew(passing, none);
      const entry = await harness.registry.read(keyOf(instance), none);
      assert.equal(entry?.status, 'maintenance');
      assert.deepEqual(entry.maintenance, { reason: 'new disks & more' });
      await eventually(async () => (await listed(harness, instance)) === 'maintenance', 'readers see maintenance');
    },
  },
  {
    name: 'takes an instance out of traffic after a heartbeat in maintenance, until the next passing one',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      await registration.renew({ status: 'maintenance', reason: 'new disks' }, none);
      await eventually(async () => (await listed(harness, instance)) !== 'passing', 'out of traffic');
      await registration.renew(passing, none);
      await eventually(async () => (await listed(harness, instance)) === 'passing', 'back');
    },
  },
  {
    name: 'sets and ends maintenance, if it supports maintenance',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const { registry } = harness;
      if (registry.maintain === undefined) return 'the registry has no `maintain`';
      const { instance, registration } = await live(harness);
      await registry.maintain(keyOf(instance), 'new disks & more', none);
      assert.deepEqual((await registry.read(keyOf(instance), none))?.maintenance, { reason: 'new disks & more' });
      await registration.renew(passing, none);
      await eventually(async () => (await listed(harness, instance)) === 'maintenance', 'readers see maintenance');
      await registry.maintain(keyOf(instance), undefined, none);
      assert.equal((await registry.read(keyOf(instance), none))?.maintenance, undefined);
      await eventually(async () => (await listed(harness, instance)) === 'passing', 'readers see it pass again');
    },
  },
  {
    name: 'ignores maintenance for an absent entry or another incarnation',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const { registry } = harness;
      if (registry.maintain === undefined) return 'the registry has no `maintain`';
      const { instance } = await live(harness);
      await registry.maintain({ ...keyOf(instance), nonce: 'another' }, 'not yours', none);
      assert.equal((await registry.read(keyOf(instance), none))?.maintenance, undefined);
      await registry.maintain(keyOf(sample(harness)), 'absent', none);
      await registry.maintain(keyOf(sample(harness)), undefined, none);
    },
  },
];

/** Accepts a loss, since a registry may remove an entry when its lease expires. */
function unlessLost(error: unknown): boolean {
  assert.ok(hasCode(error, 'ROLLCALL_REGISTRATION_LOST'), `expected ROLLCALL_REGISTRATION_LOST, not ${String(error)}`);
  return false;
}
