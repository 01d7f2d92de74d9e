import type { Contender, PeerWorld } from '../contender.js';
import { HttpCalls, tryTwice } from './http-calls.js';
import { watchOrigins } from './watch-origins.js';

/** By hand: the watch of the package `consul`, an index that goes round, and a second try with the next instance. */
export function startConsulWatch(name: string, world: PeerWorld): Contender {
  const watch = watchOrigins(world);
  const calls = new HttpCalls(name);
  let turn = 0;
  const pick = () => {
    const origin = watch.origins[turn % watch.origins.length];
    turn += 1;
    if (origin === undefined) throw new Error('no instance');
    return origin;
  };
  return {
    pick,
    call: () => tryTwice(async () => calls.get(pick())),
    count: () => watch.origins.length,
    async close() {
      calls.close();
      await watch.close();
    },
  };
}
