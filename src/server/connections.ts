import type { Http2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HostServer } from './override-method.js';
import type { Protocol } from './protocol.js';

/** A GOAWAY with this last stream id refuses no stream. */
const HIGHEST_STREAM = 2 ** 31 - 1;

/** The open connections and HTTP/2 sessions of one server, so that a close can end those that Node would wait for. */
export class Connections {
  readonly #server: HostServer;
  readonly #protocol: Protocol;
  readonly #sockets = new Set<Socket>();
  /** The decrypted side of TLS connections with HTTP/1. */
  readonly #secured = new Set<TLSSocket>();
  readonly #sessions = new Set<Http2Session>();
  /** Sessions that received GOAWAY; undefined before the drain begins. */
  #notified: WeakSet<Http2Session> | undefined;
  #closing = false;

  constructor(server: Server, protocol: Protocol) {
    this.#server = server;
    this.#protocol = protocol;
  }

  get size(): number {
    return this.#sockets.size;
  }

  opened(socket: Socket): void {
    keepWhileOpen(this.#sockets, socket);
  }

  secured(socket: TLSSocket): void {
    if (this.#protocol !== 'tcp' && socket.alpnProtocol !== 'h2') keepWhileOpen(this.#secured, socket);
  }

  session(session: Http2Session): void {
    if (this.#sessions.has(session)) return;
    keepWhileOpen(this.#sessions, session);
    if (this.#closing) session.close();
  }

  /** Call it with the session of every stream, which may be older than the binding. */
  used(session: Http2Session): void {
    this.session(session);
    if (this.#notified === undefined || this.#notified.has(session) || session.closed || session.destroyed) return;
    this.#notified.add(session);
    session.goaway(0, HIGHEST_STREAM);
  }

  /**
   * From now on an HTTP/2 session receives GOAWAY with its next stream. Not while it is idle: Node's own client loses
   * a request that it is about to send when GOAWAY arrives.
   */
  startDraining(): void {
    this.#notified ??= new WeakSet();
  }

  /** Ends every idle connection of a server that has stopped listening; busy ones continue. */
  closeIdle(): void {
    this.#closing = true;
    // Idle sessions block `server.close()` for ever on Node 20 and 22. GOAWAY lets streams in progress finish.
    for (const session of this.#sessions) session.close();
    this.#server.closeIdleConnections?.();
    // Node counts a connection without any data (preconnects of browsers and proxies) as busy.
    if (this.#protocol === 'tcp' || this.#protocol === 'h2c') return;
    for (const socket of [...this.#sockets, ...this.#secured]) {
      if (socket.bytesRead === 0) socket.destroy();
    }
  }

  /** The open connections as the host's listeners see them: decrypted where they are encrypted. */
  get asSeen(): Iterable<Socket> {
    return this.#protocol === 'https' || this.#protocol === 'h2' ? this.#secured : this.#sockets;
  }

  /**
   * Destroys the HTTP/1 connections without a request in progress. Node keeps those open that have sent half a request
   * header or half a TLS handshake, and a closed server waits for them for ever.
   */
  destroyUnrequested(isBusy: (socket: Socket) => boolean): void {
    if (this.#protocol === 'tcp' || this.#protocol === 'h2c') return;
    for (const socket of this.asSeen) if (!isBusy(socket)) socket.destroy();
    if (this.#protocol === 'http') return;
    const encrypted = new Set([...this.#secured, ...[...this.#sessions].map(({ socket }) => socket)].map(peerOf));
    for (const socket of this.#sockets) if (!encrypted.has(peerOf(socket))) socket.destroy();
  }

  /** Destroys all connections. */
  destroy(): void {
    this.#closing = true;
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    // Also destroys connections that were opened before `bind`.
    this.#server.closeAllConnections?.();
  }
}

function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress ?? ''} ${String(remotePort)}`;
}

function keepWhileOpen<T extends Socket | Http2Session>(open: Set<T>, connection: T): void {
  open.add(connection);
  (connection as Socket).once('close', () => open.delete(connection));
}
