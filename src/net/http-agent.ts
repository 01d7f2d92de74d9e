import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { systemClock } from '../core/clock.js';

export interface AgentOptions {
  /** How long a connection may take to come about, with the handshake of TLS. @default as long as the request that waits for it */
  readonly connectMs?: number;
  /** Undefined: plain HTTP. */
  readonly tls?: ConnectionOptions | undefined;
}

/**
 * A keep-alive pool of at most `maxSockets` connections, over TLS where `tls` is given, that never holds the process open, not even with a request in
 * flight: whoever needs the answer before an exit holds the process himself.
 */
export function createUnheldAgent(maxSockets: number, { connectMs, tls }: AgentOptions = {}): http.Agent {
  const options = { keepAlive: true, maxSockets };
  const agent = tls === undefined ? new http.Agent(options) : new https.Agent({ ...options, ...tls });
  const connected = tls === undefined ? 'connect' : 'secureConnect';
  const createConnection = agent.createConnection.bind(agent);
  const reuseSocket = agent.reuseSocket.bind(agent);
  agent.createConnection = (target, callback) => {
    const socket = createConnection(target, callback);
    if (socket) {
      letGo(socket);
      if (connectMs !== undefined) limitConnecting(socket, connected, connectMs);
    }
    return socket;
  };
  agent.reuseSocket = (socket, request) => {
    reuseSocket(socket, request);
    unref(socket);
  };
  return agent;
}

/** Closes what is idle now, and everything else once its answer is there. */
export function retire(agent: http.Agent): void {
  agent.keepSocketAlive = () => false;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** Each address that is tried gets a fresh handle, which holds the process again. */
function letGo(socket: Duplex): void {
  unref(socket);
  const again = () => {
    unref(socket);
  };
  socket.on('connectionAttempt', again);
  socket.once('connect', again);
}

/** Where packets vanish the system tries for minutes, and all that time whoever waits for this connection of the pool waits too. */
function limitConnecting(socket: Duplex, connected: string, ms: number): void {
  const cancel = systemClock.after(ms, () => {
    // As the system says it, so that everybody knows that nothing has been sent.
    socket.destroy(
      Object.assign(new Error(`no connection within ${String(ms)} ms`), { code: 'ETIMEDOUT', syscall: 'connect' }),
    );
  });
  socket.once(connected, cancel);
  socket.once('close', cancel);
}

function unref(socket: Duplex & { readonly unref?: () => unknown }): void {
  socket.unref?.();
}
