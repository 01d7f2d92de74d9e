import { it } from 'vitest';
import { registryContract } from '../../src/integrations/testing/registry-contract.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';

/** Every case of the contract as a test with a harness of its own. */
export function itKeepsTheContract(makeHarness: () => ContractHarness | Promise<ContractHarness>): void {
  for (const { name, run } of registryContract) {
    it(name, async () => {
      const harness = await makeHarness();
      try {
        await run(harness);
      } finally {
        await harness.registry.close();
      }
    });
  }
}
