import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { encodeName } from '../../src/backends/file/file-codec.js';
import { FileRegistry } from '../../src/backends/file/file-registry.js';
import { FakeClock } from '../support/fake-clock.js';
import { itKeepsTheDiscoveryContract } from './run-contract.js';

describe('the readers of the file registry', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rollcall-contract-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  itKeepsTheDiscoveryContract(() => {
    const clock = new FakeClock();
    return {
      registry: new FileRegistry({ dir }, clock),
      ttlMs: 10_000,
      beatsKnowTheirOwner: true,
      advance: (ms) => clock.advance(ms),
      forget: ({ name, id }) => rm(join(dir, encodeName(name), `${encodeName(id)}.json`)),
    };
  });
});
