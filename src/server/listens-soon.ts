import type { Server } from 'node:net';
import type { Clock } from '../core/clock.js';

/**
 * A server bound to an IP listens by then: `listen` with a host is asynchronous, if only by a turn of the event loop.
 */
const TURNS = 2;
/** The longest wait for the lookup of a host name. */
const LONGEST_LOOKUP_MS = 1_000;
const LOOK_AGAIN_MS = 5;

/**
 * Node's name for a pending lookup
 * (https://nodejs.org/docs/latest-v20.x/api/process.html#processgetactiveresourcesinfo).
 */
const LOOKUP = 'GetAddrInfoReqWrap';

/**
 * Whether the server listens in a moment: within two turns of the event loop, or within a second while a host name is
 * being looked up or, in a worker of node:cluster, while the primary opens the port. Keeps the process alive
 * meanwhile, because nothing else may do so yet.
 */
export async function listensSoon(server: Server, clock: Clock, isWorker: boolean): Promise<boolean> {
  const release = clock.hold();
  try {
    for (let turn = 0; turn < TURNS && !server.listening; turn += 1) await clock.sleep(0);
    const until = clock.now() + LONGEST_LOOKUP_MS;
    while (!server.listening && clock.now() < until && (isWorker || isLookupPending()))
      await clock.sleep(LOOK_AGAIN_MS);
    return server.listening;
  } finally {
    release();
  }
}

function isLookupPending(): boolean {
  return process.getActiveResourcesInfo().includes(LOOKUP);
}
