import type { Socket } from 'node:net';
import type { Departure, HttpDeparture, OpenConnection } from '../../contracts/departure.js';
import { BlockingConnection } from './blocking-connection.js';
import type { TimeLeft } from './exit-handler.js';
import { runImmediates } from './run-immediates.js';

/**
 * How long to wait for the answer to a request that needs none. A registry that is well takes 1 or 2 ms, and then the
 * entry is gone before the process is. One that hangs finds the request when it runs again.
 */
const ANSWER_WITHIN_MS = 100;

/** Leaves a registry before it returns. `isCurrent`: the registry accepted our last heartbeat on time. */
export function depart(departure: Departure, isCurrent: boolean, leftMs: TimeLeft): void {
  if (departure.kind === 'local') {
    runImmediates(departure.run);
    return;
  }
  const connections = departure.connections.map(blocking);
  const canLook = connections.some(({ isReadable }) => isReadable);
  if (departure.request !== undefined && (isCurrent || !canLook)) leaveAtOnce(departure.request, connections, leftMs);
  else lookAndLeave(departure.look, connections, leftMs);
}

/** Tries the connections in turn, since a connection may have ended without our knowledge. */
function leaveAtOnce(request: Buffer, connections: readonly BlockingConnection[], leftMs: TimeLeft): void {
  for (const connection of connections) {
    if (!connection.send(request, leftMs)) continue;
    if (!connection.isReadable || connection.receive(within(ANSWER_WITHIN_MS, leftMs)) !== 'ended') return;
  }
}

function lookAndLeave(look: HttpDeparture['look'], connections: readonly BlockingConnection[], leftMs: TimeLeft): void {
  for (const connection of connections.filter(({ isReadable }) => isReadable)) {
    if (!connection.send(look.request, leftMs)) continue;
    const answer = connection.receive(leftMs);
    if (answer === 'ended') continue;
    const request = answer === 'late' ? undefined : look.next(answer);
    if (request !== undefined && connection.send(request, leftMs)) connection.receive(leftMs);
    return;
  }
}

function within(ms: number, leftMs: TimeLeft): TimeLeft {
  const atFirst = leftMs();
  return () => Math.max(0, Math.min(leftMs(), ms - (atFirst - leftMs())));
}

/** Registrars share connections, and a late answer for one must not be taken for the next one's. */
const known = new WeakMap<Socket, BlockingConnection>();

function blocking(connection: OpenConnection): BlockingConnection {
  const made = known.get(connection.socket) ?? new BlockingConnection(connection);
  known.set(connection.socket, made);
  return made;
}
