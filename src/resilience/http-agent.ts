import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';

/**
 * A keep-alive pool of at most `maxSockets` connections, over TLS where `tls` is given, that never holds the process open, not even with a request in
 * flight: whoever needs the answer before an exit holds the process himself.
 */
export function createUnheldAgent(maxSockets: number, tls?: ConnectionOptions): http.Agent {
  const options = { keepAlive: true, maxSockets };
  const agent = tls === undefined ? new http.Agent(options) : new https.Agent({ ...options, ...tls });
  const createConnection = agent.createConnection.bind(agent);
  const reuseSocket = agent.reuseSocket.bind(agent);
  agent.createConnection = (target, callback) => letGo(createConnection(target, callback));
  agent.reuseSocket = (socket, request) => {
    reuseSocket(socket, request);
    unref(socket);
  };
  return agent;
}

/** Each address that is tried gets a fresh handle, which holds the process again. */
function letGo(socket: Duplex | null | undefined): Duplex | null | undefined {
  if (socket) {
    unref(socket);
    const again = () => {
      unref(socket);
    };
    socket.on('connectionAttempt', again);
    socket.once('connect', again);
  }
  return socket;
}

function unref(socket: Duplex & { readonly unref?: () => unknown }): void {
  socket.unref?.();
}
