import { companyOptions } from './company/options.js';
import { delayOptions } from './delay/options.js';
import { runExperiment } from './experiment/run-experiment.js';
import { hostileOptions } from './hostile/options.js';
import { installsOptions } from './installs/options.js';
import { lateOptions } from './late/options.js';
import { leasesOptions } from './leases/options.js';
import { outageOptions } from './outage/options.js';
import { rollingOptions } from './rolling/options.js';

// `npm run prove -- <name> [--runs N] [--seed S]`, and what a name has of its own: the long experiments behind what we promise.
await runExperiment(
  {
    recovery: async () => (await import('./recovery/recovery.js')).recovery,
    'hung-agent': async () => (await import('./hung-agent/hung-agent.js')).hungAgent,
    kill: async () => (await import('./kill/kill.js')).kill,
    faults: async () => (await import('./faults/faults.js')).faultsExperiment,
    late: { options: lateOptions, load: async () => (await import('./late/late.js')).late },
    delay: { options: delayOptions, load: async () => (await import('./delay/delay.js')).delay },
    thaw: async () => (await import('./thaw/thaw.js')).thaw,
    'two-agents': async () => (await import('./two-agents/two-agents.js')).twoAgents,
    herd: async () => (await import('./herd/herd.js')).herd,
    stall: async () => (await import('./stall/stall.js')).stall,
    rotation: async () => (await import('./rotation/rotation.js')).rotation,
    cluster: async () => (await import('./cluster/cluster.js')).cluster,
    'etcd-cluster': async () => (await import('./etcd-cluster/etcd-cluster.js')).etcdCluster,
    'no-resurrection': async () => (await import('./no-resurrection/no-resurrection.js')).noResurrection,
    rolling: { options: rollingOptions, load: async () => (await import('./rolling/rolling.js')).rolling },
    leases: { options: leasesOptions, load: async () => (await import('./leases/leases.js')).leases },
    sentinel: async () => (await import('./sentinel/sentinel.js')).sentinel,
    fallback: async () => (await import('./fallback/fallback.js')).fallbackProof,
    company: { options: companyOptions, load: async () => (await import('./company/company.js')).company },
    hostile: { options: hostileOptions, load: async () => (await import('./hostile/hostile.js')).hostile },
    outage: { options: outageOptions, load: async () => (await import('./outage/outage.js')).outage },
    snapshot: async () => (await import('./snapshot/snapshot.js')).snapshot,
    balance: async () => (await import('./balance/balance.js')).balance,
    drain: async () => (await import('./drain/drain.js')).drain,
    installs: { options: installsOptions, load: async () => (await import('./installs/installs.js')).installs },
  },
  process.argv.slice(2),
);
