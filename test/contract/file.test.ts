import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { encodeName } from '../../src/backends/file/file-codec.js';
import { FileRegistry } from '../../src/backends/file/file-registry.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import { FakeClock } from '../support/fake-clock.js';
import { itKeepsTheContract, itKeepsTheDiscoveryContract, noFaults, noPushes, noShortcuts } from './run-contract.js';

describe('the file registry', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rollcall-contract-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  const makeHarness = (): ContractHarness => {
    const clock = new FakeClock();
    return {
      registry: new FileRegistry({ dir }, clock),
      ttlMs: 10_000,
      beatsKnowTheirOwner: true,
      advance: (ms) => clock.advance(ms),
      forget: ({ name, id }) => rm(join(dir, encodeName(name), `${encodeName(id)}.json`)),
    };
  };
  itKeepsTheContract(makeHarness, [...noPushes, ...noFaults, ...noShortcuts]);
  itKeepsTheDiscoveryContract(makeHarness);
});
