import assert from 'node:assert/strict';
import { systemClock } from '../../../core/clock.js';
import { hasCode } from '../../../core/errors.js';
import { keyOf } from '../../../contracts/service-instance.js';
import { LONG_TTL_MS, eventually, listed, live, none, passing } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

const SLOW_MS = 300;

/** A slow registry, and one that refuses our credentials. They do not apply if the harness cannot simulate them. */
export const troubleCases: readonly ContractCase[] = [
  {
    name: 'waits for a slow answer until the signal aborts, and aborted requests have no later effect',
    async run(harness: ContractHarness): Promise<string | undefined> {
      if (harness.delay === undefined) return 'the harness has no `delay`';
      const { instance, registration } = await live(harness, { ttlMs: LONG_TTL_MS });
      const givenUp = async (verb: (signal: AbortSignal) => Promise<unknown>) => {
        const controller = new AbortController();
        const reason = new Error('too slow');
        systemClock.after(SLOW_MS / 3, () => {
          controller.abort(reason);
        });
        await assert.rejects(verb(controller.signal), (error) => error === reason);
      };
      await harness.delay(SLOW_MS);
      await registration.renew({ status: 'warning', reason: 'slow' }, none);
      assert.equal((await harness.registry.read(keyOf(instance), none))?.status, 'warning');
      await givenUp((signal) => registration.renew(passing, signal));
      await harness.delay(0);
      await registration.renew(passing, none);
      await eventually(
        async () => (await harness.registry.read(keyOf(instance), none))?.status === 'passing',
        'passing again',
      );
      await harness.delay(SLOW_MS);
      await givenUp((signal) => registration.renew(passing, signal));
      await givenUp((signal) => registration.deregister(signal));
      await harness.delay(0);
      await registration.deregister(none);
      assert.equal(await harness.registry.read(keyOf(instance), none), undefined);
      await eventually(async () => (await listed(harness, instance)) === undefined, 'readers see it gone');
    },
  },
  {
    name: 'reports refused credentials as denied, not as a loss, an absence or an outage',
    async run(harness: ContractHarness): Promise<string | undefined> {
      if (harness.revoke === undefined) return 'the harness has no `revoke`';
      const { registry } = harness;
      const { instance, registration } = await live(harness);
      await harness.revoke();
      const verbs = [
        () => registration.renew(passing, none),
        () => registry.read(keyOf(instance), none),
        () => registry.register(instance, passing, none),
        () => registry.discovery?.poll(instance.name, undefined, none),
        () => registry.remove(keyOf(instance), none),
        () => registration.deregister(none),
      ];
      for (const verb of verbs)
        await assert.rejects(
          async () => verb(),
          (error) => hasCode(error, 'ROLLCALL_REGISTRY_DENIED') && !error.retryable,
        );
    },
  },
];
