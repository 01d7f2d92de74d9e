import type { Contender, ContenderName, PeerWorld } from '../contender.js';

/** Loads only what the contender needs. */
export async function startContender(name: ContenderName, world: PeerWorld): Promise<Contender> {
  switch (name) {
    case 'ours':
    case 'oursAgain':
      return (await import('./ours.js')).startOurs(name, world);
    case 'grpc':
      return (await import('./grpc.js')).startGrpc(name, world);
    case 'balancedPool':
      return (await import('./balanced-pool.js')).startBalancedPool(name, world);
    case 'moleculer':
      return (await import('./moleculer.js')).startMoleculer(name, world);
    case 'resilientConsul':
      return (await import('./resilient-consul.js')).startResilientConsul(world);
    case 'consulWatch':
      return (await import('./consul-watch.js')).startConsulWatch(name, world);
  }
}
