import { describe } from 'vitest';
import { memory } from '../../src/backends/memory/memory-registry.js';
import { FakeClock } from '../support/fake-clock.js';
import { itKeepsTheContract, noFaults, noPushes, noShortcuts } from './run-contract.js';

describe('the memory registry', () => {
  itKeepsTheContract(() => {
    const clock = new FakeClock();
    const registry = memory({ clock });
    return {
      registry,
      ttlMs: 10_000,
      beatsKnowTheirOwner: true,
      advance: (ms) => clock.advance(ms),
      forget: ({ name, id }) => registry.remove({ name, id }, new AbortController().signal),
    };
  }, [...noPushes, ...noFaults, ...noShortcuts]);
});
