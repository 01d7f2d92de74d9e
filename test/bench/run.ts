import { runExperiment } from '../prove/experiment/run-experiment.js';

// `npm run bench -- <name> [--runs N] [--seed S]`: what it costs, against the raw thing in the same run.
await runExperiment(
  {
    beat: async () => (await import('./beat/beat.js')).beat,
    exit: async () => (await import('./exit/exit.js')).exit,
    footprint: async () => (await import('./footprint/footprint.js')).footprint,
    worker: async () => (await import('./worker/worker.js')).worker,
    health: async () => (await import('./health/health.js')).health,
    tax: async () => (await import('./tax/tax.js')).tax,
    visible: async () => (await import('./visible/visible.js')).visible,
    resolve: async () => (await import('./resolve/resolve.js')).resolve,
    pick: async () => (await import('./pick/pick.js')).pick,
    peers: async () => (await import('./peers/peers.js')).peers,
  },
  process.argv.slice(2),
);
