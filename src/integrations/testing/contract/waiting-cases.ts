import assert from 'node:assert/strict';
import { systemClock } from '../../../core/clock.js';
import { isRegistrarError } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import type { ServiceInstance } from '../../../contracts/service-instance.js';
import type { Registration } from '../../../contracts/registry.js';
import { live, none, passing } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

/** Signals, held polls and the end of the registry itself. */
export const waitingCases: readonly ContractCase[] = [
  {
    name: 'rejects with the reason of a signal that has aborted before the verb',
    async run(harness: ContractHarness): Promise<void> {
      const { instance, registration } = await live(harness);
      const reason = new Error('changed my mind');
      const signal = AbortSignal.abort(reason);
      for (const verb of verbs(harness, instance, registration))
        await assert.rejects(verb(signal), (error) => error === reason);
      assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'passing', 'nothing was done');
    },
  },
  {
    name: 'settles when the signal aborts during a verb, with its reason unless it was done by then',
    async run(harness: ContractHarness): Promise<void> {
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
    name: 'lets go of a held poll when the signal aborts',
    async run(harness: ContractHarness): Promise<void> {
      const { instance, registration } = await live(harness);
      for (const poll of await heldPolls(harness, instance, registration)) {
        const controller = new AbortController();
        const reason = new Error('changed my mind');
        const held = poll(controller.signal);
        await systemClock.sleep(20);
        controller.abort(reason);
        await assert.rejects(held, (error) => error === reason);
      }
    },
  },
  {
    name: 'ends a held look at the entry when the entry goes',
    async run(harness: ContractHarness): Promise<void> {
      const { instance, registration } = await live(harness);
      if (registration.changed === undefined) return;
      const held = registration.changed(none);
      await systemClock.sleep(50);
      await harness.forget(keyOf(instance));
      await held;
    },
  },
  {
    name: 'shows all that it holds in one look for many, and no longer what has gone',
    async run(harness: ContractHarness): Promise<void> {
      const [one, other] = [await live(harness), await live(harness)];
      const { presence } = one.registration;
      if (presence === undefined) return;
      assert.equal(other.registration.presence?.place, presence.place, 'one look is enough for both');
      const keys = [keyOf(one.instance), keyOf(other.instance)];
      const shown = await presence.present(keys, none);
      assert.ok(shown.has(one.instance.nonce) && shown.has(other.instance.nonce));
      await harness.forget(keyOf(one.instance));
      const left = await presence.present(keys, none);
      assert.ok(!left.has(one.instance.nonce) && left.has(other.instance.nonce));
    },
  },
  {
    name: 'ends a held poll of readers when an instance comes',
    async run(harness: ContractHarness): Promise<void> {
      const { discovery } = harness.registry;
      const { instance } = await live(harness);
      const { cursor } = (await discovery?.poll(instance.name, undefined, none)) ?? {};
      if (discovery === undefined || cursor === undefined) return;
      const held = (async () => {
        for (let at = cursor; ;) {
          const seen = await discovery.poll(instance.name, at, none);
          if (seen.instances.length > 1) return;
          at = seen.cursor ?? cursor;
        }
      })();
      await live(harness, { name: instance.name });
      await held;
    },
  },
  {
    name: 'rejects every verb once it is closed',
    async run(harness: ContractHarness): Promise<void> {
      const { instance, registration } = await live(harness);
      await harness.registry.close();
      await harness.registry.close();
      for (const verb of verbs(harness, instance, registration)) await assert.rejects(verb(none), isRegistrarError);
    },
  },
];

type Verb = (signal: AbortSignal) => Promise<unknown>;

/** The removing ones last: an abort that comes too late for one must not spoil the others. */
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

/** Each has an answer already and waits for the next. */
async function heldPolls(
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
