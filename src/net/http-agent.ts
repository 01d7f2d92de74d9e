import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import { systemClock } from '../core/clock.js';
import { tlsFault } from './tls-errors.js';

export interface AgentOptions {
  /** The longest that connecting may take, TLS handshake included. @default no limit but that of the request */
  readonly connectMs?: number;
  /** The Unix socket to connect to, whatever host a request names. @default none */
  readonly socketPath?: string | undefined;
  /** Undefined: plain HTTP. */
  readonly tls?: ConnectionOptions | undefined;
}

/**
 * A keep-alive pool of at most `maxSockets` connections, over TLS if `tls` is given. It never keeps the process alive,
 * not even with a request in flight: a caller that needs the answer before the exit has to keep the process alive
 * itself.
 */
export function createUnheldAgent(maxSockets: number, { connectMs, socketPath, tls }: AgentOptions = {}): http.Agent {
  const options = { keepAlive: true, maxSockets, ...(socketPath !== undefined && { socketPath }) };
  const agent = tls === undefined ? new http.Agent(options) : new https.Agent({ ...options, ...tls });
  const connected = tls === undefined ? 'connect' : 'secureConnect';
  const createConnection = agent.createConnection.bind(agent);
  const reuseSocket = agent.reuseSocket.bind(agent);
  agent.createConnection = (target, callback) => {
    const socket = createConnection(target, callback);
    if (socket) {
      unrefForGood(socket);
      if (connectMs !== undefined) limitConnecting(socket, connected, connectMs);
      if (tls !== undefined) markHandshake(socket);
    }
    return socket;
  };
  agent.reuseSocket = (socket, request) => {
    reuseSocket(socket, request);
    unref(socket);
  };
  return agent;
}

/** Closes idle connections now, and every other one once its response is complete. */
export function retire(agent: http.Agent): void {
  agent.keepSocketAlive = () => false;
  closeIdle(agent);
}

/** Closes idle connections. */
export function closeIdle(agent: http.Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** Node opens a new handle for each address that it tries, so each attempt needs another `unref`. */
function unrefForGood(socket: Duplex): void {
  unref(socket);
  const again = () => {
    unref(socket);
  };
  socket.on('connectionAttempt', again);
  socket.once('connect', again);
}

/**
 * Where packets are dropped, the system tries for minutes, and requests queued for this connection would wait as long.
 */
function limitConnecting(socket: Duplex, connected: string, ms: number): void {
  const cancel = systemClock.after(ms, () => {
    // Looks like the system's own error, which callers know to mean that nothing was sent.
    socket.destroy(
      Object.assign(new Error(`no connection within ${String(ms)} ms`), { code: 'ETIMEDOUT', syscall: 'connect' }),
    );
  });
  socket.once(connected, cancel);
  socket.once('close', cancel);
}

/** The error of a reset does not say that it came within the TLS handshake, as Node's error of an early end does. */
function markHandshake(socket: Duplex): void {
  const mark = (error: Error & { readonly code?: string }) => {
    if (error.code === 'ECONNRESET' && tlsFault(error) === undefined) error.message += ', no TLS handshake';
  };
  socket.once('error', mark);
  socket.once('secureConnect', () => socket.off('error', mark));
}

function unref(socket: Duplex & { readonly unref?: () => unknown }): void {
  socket.unref?.();
}
