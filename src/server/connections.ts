import type { Http2Session } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Protocol } from './protocol.js';

/** The part of HTTP/1 servers (and of HTTP/2 servers that also take HTTP/1) that closes connections. */
interface HttpServer extends Server {
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
}

/** A GOAWAY that names it refuses no stream. */
const HIGHEST_STREAM = 2 ** 31 - 1;

/** The open connections and HTTP/2 sessions of one server, so that a close can end what Node itself would wait for. */
export class Connections {
  readonly #server: HttpServer;
  readonly #protocol: Protocol;
  readonly #sockets = new Set<Socket>();
  /** The HTTP/1 side of TLS connections: what the client said inside the encryption. */
  readonly #secured = new Set<TLSSocket>();
  readonly #sessions = new Set<Http2Session>();
  /** Those that know that they are to be replaced; undefined: nobody is told yet. */
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

  /** To be called with the session of every stream: it may be older than our binding. */
  used(session: Http2Session): void {
    this.session(session);
    if (this.#notified === undefined || this.#notified.has(session) || session.closed || session.destroyed) return;
    this.#notified.add(session);
    session.goaway(0, HIGHEST_STREAM);
  }

  /**
   * From now on an HTTP/2 session is told at its next stream that it gets no further ones here. Not while it is idle: Node's own client
   * forgets a request for ever that it is just about to send when it reads that.
   */
  startDraining(): void {
    this.#notified ??= new WeakSet();
  }

  /** Ends every connection that serves nothing now; what is busy goes on. For a server that has stopped listening. */
  closeIdle(): void {
    this.#closing = true;
    // Idle sessions hold `server.close()` back for ever on Node 20 and 22. GOAWAY lets streams in progress end.
    for (const session of this.#sessions) session.close();
    this.#server.closeIdleConnections?.();
    // A connection that has not said a word yet (preconnects of browsers and proxies) counts as busy for Node.
    if (this.#protocol === 'tcp' || this.#protocol === 'h2c') return;
    for (const socket of [...this.#sockets, ...this.#secured]) {
      if (socket.bytesRead === 0) socket.destroy();
    }
  }

  /** Cuts off everything. */
  destroy(): void {
    this.#closing = true;
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
    // Those opened before we were bound.
    this.#server.closeAllConnections?.();
  }
}

function keepWhileOpen<T extends Socket | Http2Session>(open: Set<T>, connection: T): void {
  open.add(connection);
  (connection as Socket).once('close', () => open.delete(connection));
}
