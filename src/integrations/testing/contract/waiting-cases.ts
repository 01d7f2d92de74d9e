import assert from 'node:assert/strict';
import { systemClock } from '../../../core/clock.js';
import { hasCode } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import type { ServiceInstance } from '../../../contracts/service-instance.js';
import type { Registration } from '../../../contracts/registry.js';
import { GuardedRegistry } from '../../../registries/guarded-registry.js';
import { live, none, passing } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

/** Signals, long polls and closing the registry. */
export const waitingCases: readonly ContractCase[] = [
  {
    name: 'rejects with the reason of a signal that has aborted before the verb',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      const reason = new Error('changed my mind');
      const signal = AbortSignal.abort(reason);
      for (const verb of verbs(harness, instance, registration))
        await assert.rejects(verb(signal), (error) => error === reason);
      assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'passing', 'nothing was done');
    },
  },
  {
    name: 'settles when the signal aborts during a verb, with its reason unless it is done already',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      for (const verb of verbs(harness, instance, registration)) {
        const controller = new AbortController();
        const reason = new Error('changed my mind');
        const verdict = verb(controller.signal).then(
          () => reason,
          (error: unknown) => error,
        );
        controller.abort(reason);
        assert.equal(await verdict, reason);
      }
    },
  },
  {
    name: 'ends a long poll when the signal aborts',
    async run(harness: ContractHarness): Promise<undefined> {
      const { instance, registration } = await live(harness);
      for (const poll of await longPolls(harness, instance, registration)) {
        const controller = new AbortController();
        const reason = new Error('changed my mind');
        const polling = poll(controller.signal);
        await systemClock.sleep(20);
        controller.abort(reason);
        await assert.rejects(polling, (error) => error === reason);
      }
    },
  },
  {
    name: 'ends the long poll of an entry when the entry is lost',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const { instance, registration } = await live(harness);
      if (registration.changed === undefined) return 'the registration has no `changed`';
      const polling = registration.changed(none);
      await systemClock.sleep(50);
      await harness.forget(keyOf(instance));
      await polling;
    },
  },
  {
    name: 'shows every entry in one read for many registrations, and no lost one',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const [one, other] = [await live(harness), await live(harness)];
      const { presence } = one.registration;
      if (presence === undefined) return 'the registration has no `presence`';
      assert.equal(other.registration.presence?.place, presence.place, 'one read serves both');
      const keys = [keyOf(one.instance), keyOf(other.instance)];
      const shown = await presence.present(keys, none);
      assert.ok(shown.has(one.instance.nonce) && shown.has(other.instance.nonce));
      await harness.forget(keyOf(one.instance));
      const left = await presence.present(keys, none);
      assert.ok(!left.has(one.instance.nonce) && left.has(other.instance.nonce));
    },
  },
  {
    name: 'ends the long poll of readers when an instance is added',
    async run(harness: ContractHarness): Promise<string | undefined> {
      const { discovery } = harness.registry;
      const { instance } = await live(harness);
      const { cursor } = (await discovery?.poll(instance.name, undefined, none)) ?? {};
      if (discovery === undefined || cursor === undefined) return 'the registry has no long poll in `discovery`';
      const polling = (async () => {
        for (let at = cursor; ;) {
          const seen = await discovery.poll(instance.name, at, none);
          if (seen.instances.length > 1) return;
          at = seen.cursor ?? cursor;
        }
      })();
      await live(harness, { name: instance.name });
      await polling;
    },
  },
  {
    name: 'rejects every verb once it is closed',
    async run(harness: ContractHarness): Promise<undefined> {
      // As a Registrar has it: a registry need not refuse anything itself.
      const registry = new GuardedRegistry(harness.registry, systemClock);
      const guarded = { ...harness, registry };
      const { instance, registration } = await live(guarded);
      await registry.close();
      await registry.close();
      await harness.registry.close();
      for (const verb of verbs(guarded, instance, registration))
        await assert.rejects(verb(none), (error) => hasCode(error, 'ROLLCALL_STOPPED'));
    },
  },
];

type Verb = (signal: AbortSignal) => Promise<unknown>;

/** Every verb of a registry. Those that remove come last, because an abort may be too late to stop them. */
function verbs({ registry }: ContractHarness, instance: ServiceInstance, registration: Registration): Verb[] {
  const { discovery } = registry;
  const { presence } = registration;
  const maintain = registry.maintain?.bind(registry);
  return [
    (signal) => registry.read(keyOf(instance), signal),
    (signal) => registration.renew(passing, signal),
    (signal) => registry.register(instance, passing, signal),
    ...(discovery ? [(signal: AbortSignal) => discovery.poll(instance.name, undefined, signal)] : []),
    ...(presence ? [(signal: AbortSignal) => presence.present([keyOf(instance)], signal)] : []),
    ...(maintain ? [(signal: AbortSignal) => maintain(keyOf(instance), 'new disks', signal)] : []),
    (signal) => registration.deregister(signal),
    (signal) => registry.remove(keyOf(instance), signal),
  ];
}

/** Long polls that have their first answer and wait for the next. */
async function longPolls(
  { registry }: ContractHarness,
  instance: ServiceInstance,
  registration: Registration,
): Promise<Verb[]> {
  const { discovery } = registry;
  const { cursor } = (await discovery?.poll(instance.name, undefined, none)) ?? {};
  return [
    ...(registration.changed ? [registration.changed.bind(registration)] : []),
    ...(discovery && cursor !== undefined
      ? [(signal: AbortSignal) => discovery.poll(instance.name, cursor, signal)]
      : []),
  ];
}
