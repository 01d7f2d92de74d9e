import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { etcd } from '../../src/backends/etcd/etcd-registry.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import { startEtcdCluster } from '../support/servers/etcd-server.js';
import type { EtcdCluster } from '../support/servers/etcd-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { itKeepsTheContract, noFaults, readersPollEach } from './run-contract.js';

function harnessOn(endpoints: readonly string[]): ContractHarness {
  const raw = rawEtcd(endpoints.at(-1)!);
  return {
    registry: etcd({ endpoints }),
    // etcd grants no less.
    ttlMs: 2_000,
    beatsKnowTheirOwner: true,
    advance: (ms) => systemClock.sleep(ms),
    forget: ({ name, id }) => raw.forget(name, id),
  };
}

describe('the etcd registry on three members of which one is down', () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcdCluster();
    await cluster.members[0]!.kill();
  });
  afterAll(() => cluster.stop());

  itKeepsTheContract(() => harnessOn(cluster.urls), [...readersPollEach, ...noFaults]);
});
