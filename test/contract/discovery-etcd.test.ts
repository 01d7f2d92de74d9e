import { describe, inject } from 'vitest';
import { etcd } from '../../src/backends/etcd/etcd-registry.js';
import { systemClock } from '../../src/core/clock.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { itKeepsTheDiscoveryContract } from './run-contract.js';

const url = inject('etcdUrl');

describe('the readers of etcd', () => {
  itKeepsTheDiscoveryContract(() => ({
    registry: etcd({ endpoints: [url] }),
    // etcd grants no less.
    ttlMs: 2_000,
    beatsKnowTheirOwner: true,
    advance: (ms) => systemClock.sleep(ms),
    forget: ({ name, id }) => rawEtcd(url).forget(name, id),
  }));
});
