import type { Agent, ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { OpenConnection } from '../contracts/departure.js';

/**
 * The connections of an agent on which another request can be sent now, idle ones first. `to`: only those to this host
 * and port. A connection whose answer has begun to arrive is left out, since the rest of the answer is unknown.
 */
export function openConnections(agent: Agent, to = ''): OpenConnection[] {
  const of = (pool: NodeJS.ReadOnlyDict<Socket[]>) =>
    Object.entries(pool).flatMap(([name, sockets = []]) => (name.startsWith(to) ? sockets : []));
  return [...of(agent.freeSockets), ...of(agent.sockets)].flatMap((socket) => {
    const pending = pendingAnswers(socket);
    return pending !== undefined && isEstablished(socket) ? { socket, pending } : [];
  });
}

/** Requests still in the socket's own buffer are not sent any more, so nothing can follow them. */
function isEstablished(socket: Socket & { readonly secureConnecting?: boolean }): boolean {
  return socket.writable && !socket.connecting && socket.secureConnecting !== true && socket.writableLength === 0;
}

/** Undefined when an answer has arrived in part. */
function pendingAnswers(socket: Socket): number | undefined {
  // Node has no public name for the request of a connection. Without this one, a connection in use counts as idle.
  const { _httpMessage: request } = socket as { readonly _httpMessage?: ClientRequest & { readonly res?: Response } };
  if (!request || request.res?.complete === true) return 0;
  return request.res ? undefined : 1;
}

interface Response {
  readonly complete: boolean;
}
