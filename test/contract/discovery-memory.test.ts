import { describe } from 'vitest';
import { memory } from '../../src/backends/memory/memory-registry.js';
import { FakeClock } from '../support/fake-clock.js';
import { itKeepsTheDiscoveryContract } from './run-contract.js';

describe('the readers of the memory registry', () => {
  itKeepsTheDiscoveryContract(() => {
    const clock = new FakeClock();
    const registry = memory({ clock });
    return {
      registry,
      ttlMs: 10_000,
      beatsKnowTheirOwner: true,
      advance: (ms) => clock.advance(ms),
      forget: ({ name, id }) => registry.remove({ name, id }, new AbortController().signal),
    };
  });
});
