import { afterAll, describe, expect, it } from 'vitest';
import { discoveryContract } from '../../src/integrations/testing/discovery-contract.js';
import { registryContract } from '../../src/integrations/testing/registry-contract.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';

/** What a harness without a fault proxy and without credentials lacks. */
export const noFaults = ['the harness has no `delay`', 'the harness has no `revoke`'];

/** What a registry lacks that others have to poll. */
export const readersPoll = 'the registry has no long poll in `discovery`';
const noPresence = 'the registration has no `presence`';
export const noPushes = [readersPoll, noPresence, 'the registration has no `changed`'];
export const readersPollEach = [readersPoll, noPresence];
/** What spares round trips, where the registry has many or each costs something. */
export const noPrepare = 'the registry has no `prepare`';
export const noShortcuts = ['the registry has no `find` in `discovery`', noPrepare];

/**
 * Every case of the contract as a test with a harness of its own. `absent` names each optional part that the registry or
 * its harness lacks: a case that does not apply for another reason fails, and so does a part that is there after all.
 */
export function itKeepsTheContract(
  makeHarness: () => ContractHarness | Promise<ContractHarness>,
  absent: readonly string[] = [],
): void {
  const seen = new Set<string>();
  for (const { name, run } of registryContract) {
    it(name, async ({ skip }) => {
      const harness = await makeHarness();
      let reason: string | undefined;
      try {
        reason = await run(harness);
      } finally {
        await harness.registry.close();
      }
      if (reason === undefined) return;
      expect(absent).toContain(reason);
      seen.add(reason);
      skip(reason);
    });
  }

  afterAll(() => {
    expect([...seen].sort()).toEqual([...absent].sort());
  });
}

/** Every case of the contract of readers, at the same time: they wait for polls more than they compute. */
export function itKeepsTheDiscoveryContract(makeHarness: () => ContractHarness | Promise<ContractHarness>): void {
  describe.concurrent('through a resolver', () => {
    it.each(discoveryContract)('$name', async ({ run }) => {
      const harness = await makeHarness();
      try {
        expect(await run(harness)).toBeUndefined();
      } finally {
        await harness.registry.close();
      }
    });
  });
}
