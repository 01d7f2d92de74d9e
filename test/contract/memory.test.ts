import { describe } from 'vitest';
import { memory } from '../../src/backends/memory/memory-registry.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import { FakeClock } from '../support/fake-clock.js';
import { itKeepsTheContract, itKeepsTheDiscoveryContract, noFaults, noPushes, noShortcuts } from './run-contract.js';

describe('the memory registry', () => {
  const makeHarness = (): ContractHarness => {
    const clock = new FakeClock();
    const registry = memory({ clock });
    return {
      registry,
      ttlMs: 10_000,
      beatsKnowTheirOwner: true,
      advance: (ms) => clock.advance(ms),
      forget: ({ name, id }) => registry.remove({ name, id }, new AbortController().signal),
    };
  };
  itKeepsTheContract(makeHarness, [...noPushes, ...noFaults, ...noShortcuts]);
  itKeepsTheDiscoveryContract(makeHarness);
});
