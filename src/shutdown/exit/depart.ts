import type { Socket } from 'node:net';
import type { Departure, HttpDeparture, DepartureLook, OpenConnection } from '../../contracts/departure.js';
import { BlockingConnection } from './blocking-connection.js';
import type { TimeLeft } from './time-left.js';
import { runImmediates } from './run-immediates.js';

/**
 * How long to wait for the answers to requests that need none. A registry that is well takes 1 or 2 ms, and then the
 * entry is gone before the process is. One that hangs finds the requests when it runs again.
 */
const ANSWER_WITHIN_MS = 100;

export interface PlannedDeparture {
  readonly departure: Departure;
  /** The registry accepted our last heartbeat on time, so nothing speaks against leaving without a look. */
  readonly isCurrent: boolean;
}

/** Leaves all registries before it returns. What needs no look is sent first, so that nothing delays it. */
export function departAll(planned: readonly PlannedDeparture[], leftMs: TimeLeft): void {
  const connectionOf = blockingConnections();
  const atOnce: Send[] = [];
  const looks: { readonly look: DepartureLook; readonly connections: readonly BlockingConnection[] }[] = [];
  for (const { departure, isCurrent } of planned) {
    if (departure.kind === 'local') {
      attempt(() => runImmediates(departure.run));
      continue;
    }
    const { request, look } = departure;
    const connections = departure.connections.map(connectionOf);
    const canLook = connections.some(({ isReadable }) => isReadable);
    if (request !== undefined && (isCurrent || !canLook))
      atOnce.push({ request, connections: idleFirst(departure).map(connectionOf) });
    else looks.push({ look, connections: connections.filter(({ isReadable }) => isReadable) });
  }
  sendAtOnce(atOnce, leftMs);
  for (const { look, connections } of looks) attempt(() => lookAndLeave(look, connections, leftMs));
}

interface Send {
  readonly request: Buffer;
  readonly connections: readonly BlockingConnection[];
}

/** A request that needs no look does not wait behind another one. */
function idleFirst({ connections }: HttpDeparture): OpenConnection[] {
  return [...connections].sort((one, other) => one.pending - other.pending);
}

function sendAtOnce(sends: readonly Send[], leftMs: TimeLeft): void {
  const sent = sends.map((send) => ({ ...send, by: send.connections.find((one) => one.send(send.request, leftMs)) }));
  for (const { by } of sent) by?.flush();
  const endsInMs = within(ANSWER_WITHIN_MS, leftMs);
  for (const { request, connections, by } of sent) {
    if (by?.isReadable !== true || by.receive(endsInMs) !== 'ended') continue;
    // The registry had closed this connection without our knowledge.
    const other = connections.find((one) => one.send(request, leftMs));
    other?.flush();
    if (other?.isReadable === true) other.receive(endsInMs);
  }
}

function lookAndLeave(look: DepartureLook, connections: readonly BlockingConnection[], leftMs: TimeLeft): void {
  for (const connection of connections) {
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
function blockingConnections(): (connection: OpenConnection) => BlockingConnection {
  const known = new Map<Socket, BlockingConnection>();
  return (connection) => {
    const made = known.get(connection.socket) ?? new BlockingConnection(connection);
    known.set(connection.socket, made);
    return made;
  };
}

/** One that fails must not keep the others from leaving. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // There is no log any more, and the TTL takes the entry out.
  }
}
