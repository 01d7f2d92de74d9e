import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';
import { ConfigError, asError } from '../errors.js';
import type { HealthEndpoint } from '../health/endpoint.js';
import { closeServer } from './close-server.js';
import { Connections } from './connections.js';
import { override } from './override.js';
import { protocolOf } from './protocol.js';
import type { Protocol } from './protocol.js';
import { Traffic } from './traffic.js';
import type { TrafficFigures } from './traffic.js';

/** Where a server can be reached, as the server itself sees it. */
export interface ServerAddress {
  /** The address it is bound to; a wildcard (`::`, `0.0.0.0`) stays one. */
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface BindOptions {
  readonly clock: Clock;
  /** Answers its paths on the server before the host sees the request. */
  readonly endpoint?: HealthEndpoint | undefined;
  /** How the host closes its server, in place of `server.close()`; resolves when it is done. */
  readonly close?: (() => Promise<void>) | undefined;
}

/** Watches `server` (node:net, http, https, http2) from now on, until `release()`. */
export function bindServer(server: Server, options: BindOptions): BoundServer {
  return new BoundServer(server, options);
}

/**
 * The host's server as rollcall sees it: where it listens, how busy it is, and how it is closed without losing a request.
 * Requests are seen at the server object's `emit`, in front of every listener, whatever framework put them there and when.
 */
export class BoundServer {
  readonly #server: Server;
  readonly #endpoint: HealthEndpoint | undefined;
  readonly #protocol: Protocol;
  readonly #closeByHost: (() => Promise<void>) | undefined;
  readonly #traffic: Traffic;
  readonly #connections: Connections;
  readonly #onClosed = new Set<() => void>();
  readonly #undo: (() => void)[];
  readonly #waiting = new Set<() => void>();
  #released = false;
  /** Has been listening at some time; only then does a close mean anything. */
  #listened: boolean;
  #closed = false;
  #closedByHost = false;
  /** Set before `#closing`, since the server tells of our close while we call it. */
  #closingBegun = false;
  #closing: Promise<void> | undefined;

  constructor(server: Server, options: BindOptions) {
    this.#server = server;
    this.#endpoint = options.endpoint;
    this.#closeByHost = options.close;
    this.#protocol = protocolOf(server);
    this.#listened = server.listening;
    this.#connections = new Connections(server, this.#protocol);
    this.#traffic = new Traffic(options.clock);
    this.#undo = [this.#watchEvents(), this.#watchClose()];
  }

  get isListening(): boolean {
    return this.#server.listening;
  }

  /** A snapshot. */
  get traffic(): TrafficFigures {
    const { inFlight, served, lastRequestAt } = this.#traffic;
    return { inFlight, served, lastRequestAt, openConnections: this.#connections.size };
  }

  /**
   * Resolves with the address once the server listens, at once when it does already. Rejects with a `ConfigError` for a Unix
   * socket or a pipe, which no registry can point to, and with the signal's reason when that aborts first.
   */
  listening(signal: AbortSignal): Promise<ServerAddress> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        forget();
        try {
          resolve(this.#address());
        } catch (thrown) {
          reject(asError(thrown));
        }
      };
      const onAbort = () => {
        forget();
        reject(asError(signal.reason));
      };
      const forget = () => {
        this.#waiting.delete(forget);
        this.#server.removeListener('listening', settle);
        signal.removeEventListener('abort', onAbort);
      };
      if (signal.aborted) {
        onAbort();
      } else if (this.#server.listening) {
        settle();
      } else {
        // Never an 'error' listener: it would keep the host's own EADDRINUSE from crashing the host.
        this.#server.on('listening', settle);
        signal.addEventListener('abort', onAbort);
        this.#waiting.add(forget);
      }
    });
  }

  /**
   * Calls `run` once, as soon as the host closes a listening server by itself; never for `close()` of this object. The
   * returned function cancels it.
   */
  onClosed(run: () => void): () => void {
    this.#onClosed.add(run);
    return () => {
      this.#onClosed.delete(run);
    };
  }

  /** From now on HTTP/1 answers carry `Connection: close`. HTTP/2 clients are told at `close()`. */
  startDraining(): void {
    this.#traffic.startDraining();
  }

  /**
   * Stops accepting, ends idle connections and sessions, lets requests in flight end, and resolves when all is closed: at once
   * for a server that never listened or is closed already. When `signal` aborts, whatever is left is cut off and the promise
   * rejects with the signal's reason; it also rejects with what the host's own way of closing rejects with. Every call joins
   * the first.
   */
  close(signal: AbortSignal): Promise<void> {
    if (this.#closing === undefined) {
      this.startDraining();
      this.#closingBegun = true;
      this.#traffic.watchEnds(() => {
        // An answer that ended may leave an idle connection behind, and a closing server has no use for it.
        if (!this.#server.listening) this.#connections.closeIdle();
      });
      this.#closing = closeServer({
        server: this.#server,
        connections: this.#connections,
        closeByHost: this.#closeByHost,
        isClosed: !this.#listened || this.#closed,
        signal,
      });
    }
    return this.#closing;
  }

  /** Takes everything off the server again. */
  release(): void {
    this.#released = true;
    for (const forget of [...this.#waiting]) forget();
    for (const undo of this.#undo.splice(0)) undo();
  }

  #address(): ServerAddress {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') {
      const allowed = 'a server that listens on a port: a Unix socket or a pipe has no address that a registry could hand out';
      throw new ConfigError([{ field: 'server', value: address, allowed }]);
    }
    return { address: address.address, port: address.port, protocol: this.#protocol };
  }

  #watchEvents(): () => void {
    return override(this.#server, 'emit', (emit) => {
      const bound = this as BoundServer;
      return function watchedEmit(this: Server, event: string, ...args: unknown[]) {
        return bound.#seen(event, args[0], args[1]) || (emit as (event: string, ...args: unknown[]) => boolean).call(this, event, ...args);
      } as Server['emit'];
    });
  }

  /** True: the event has been dealt with, the host is not to see it. */
  #seen(event: string, first: unknown, second: unknown): boolean {
    if (this.#released) return false;
    switch (event) {
      case 'request':
      case 'checkContinue':
      case 'checkExpectation':
        return this.#onRequest(first as IncomingMessage, second as ServerResponse);
      case 'stream':
        return this.#onStream(first as ServerHttp2Stream, second as IncomingHttpHeaders);
      case 'connection':
        this.#connections.opened(first as Socket);
        if (this.#protocol === 'tcp') this.#traffic.stream(first as Socket);
        return false;
      case 'secureConnection':
        this.#connections.secured(first as TLSSocket);
        return false;
      case 'session':
        this.#connections.session(first as ServerHttp2Session);
        return false;
      case 'upgrade':
      case 'connect':
        this.#traffic.instant();
        return false;
      case 'listening':
        this.#listened = true;
        this.#closed = false;
        return false;
      case 'close':
        this.#closed = this.#listened;
        if (this.#listened) this.#hostClosed();
        return false;
      default:
        return false;
    }
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): boolean {
    // The compatibility API of HTTP/2: counted as a stream.
    if (request.httpVersionMajor > 1) return false;
    this.#traffic.prepare(response);
    if (this.#endpoint?.handles(request.url ?? '')) {
      this.#endpoint.answer(request, response);
      return true;
    }
    this.#traffic.request(request, response);
    return false;
  }

  #onStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    if (stream.session !== undefined) this.#connections.session(stream.session);
    const request = { method: headers[':method'], url: headers[':path'] };
    if (this.#endpoint?.handles(request.url ?? '')) {
      this.#endpoint.answerStream(stream, request);
      return true;
    }
    this.#traffic.stream(stream);
    return false;
  }

  /**
   * 'close' comes only when the last connection has ended, too late to leave the registry, so the call itself is noticed. It
   * goes through unchanged. Closing a server that does not listen says nothing: hosts do that between two tries to listen.
   */
  #watchClose(): () => void {
    return override(this.#server, 'close', (close) => {
      const bound = this as BoundServer;
      return function watchedClose(this: Server, ...args: Parameters<Server['close']>) {
        const wasListening = this.listening;
        const result = close.apply(this, args);
        if (wasListening && !bound.#released) bound.#stoppedListening();
        return result;
      };
    });
  }

  #stoppedListening(): void {
    if (this.#closingBegun) this.#connections.closeIdle();
    else this.#hostClosed();
  }

  #hostClosed(): void {
    if (this.#closingBegun || this.#closedByHost) return;
    this.#closedByHost = true;
    for (const run of this.#onClosed) run();
    this.#onClosed.clear();
  }
}
