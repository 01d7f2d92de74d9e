import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.js';
import type { OpenWork } from './end-streams.js';
import { Http1Exchanges } from './http1-exchanges.js';
import { isProberRequest } from './known-probers.js';
import { Sources } from './sources.js';
import type { Arrivals, Source } from './sources.js';
import type { Peer } from './peer.js';

/** The traffic of a server without health requests. On a plain TCP server a connection counts as a request. */
export interface TrafficFigures {
  /** Requests with an unfinished response. */
  readonly inFlight: number;
  /** Requests finished since `bind`, including those cut off. */
  readonly served: number;
  /** Connections opened since `bind` and still open, including idle ones. */
  readonly openConnections: number;
}

/** How often a busy source's counted requests are recorded; far below any silence that matters. */
const REST_MS = 100;

/** Counts requests and records their sources, at a negligible cost per request. */
export class Traffic {
  readonly #clock: Clock;
  readonly #http1 = new Http1Exchanges();
  readonly #sources = new Sources();
  readonly #sessions = new WeakMap<Http2Session, Peer>();
  /** Connections to a non-HTTP server without any data seen yet, with their time of arrival. */
  readonly #unheard = new Map<Socket, number>();
  readonly #openStreams = new Set<ServerHttp2Stream | Socket>();
  /** One listener for all streams, because a closure for each would cost. */
  readonly #onStreamEnd = removerFrom(this.#openStreams);
  readonly #upgraded = new Set<Socket>();
  /** Call off the timers of busy sources. */
  readonly #rests = new Set<() => void>();
  #arrived = 0;
  #draining = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#http1.open.length + this.#openStreams.size;
  }

  get served(): number {
    return this.#arrived - this.inFlight;
  }

  /** The sources of requests, without health probers and without sources that have been silent for a minute. */
  get sources(): readonly Arrivals[] {
    for (const [socket] of this.#unheard) this.#listen(socket);
    return this.#sources.known(this.#clock.now());
  }

  /** What is unfinished. */
  get open(): OpenWork {
    const open = [...this.#openStreams];
    return {
      responses: this.#http1.open,
      streams: open.filter(isHttp2Stream),
      connections: open.filter((stream): stream is Socket => !isHttp2Stream(stream)),
      upgraded: [...this.#upgraded],
    };
  }

  /** Connections with a response that is not completely sent. */
  get sending(): readonly Socket[] {
    return this.#http1.busy;
  }

  /** Whether a request of this connection is in progress, or its protocol has changed. */
  isBusy(socket: Socket): boolean {
    return this.#upgraded.has(socket) || this.#http1.isBusy(socket);
  }

  /** Records an HTTP/1 request. */
  request(request: IncomingMessage, response: ServerResponse): void {
    const lane = this.#http1.arrived(request, response);
    if (lane === undefined) return;
    this.#arrived += 1;
    this.#note(lane, request);
  }

  /** Records an HTTP/2 stream. */
  stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    this.#open(stream);
    const { session } = stream;
    if (session === undefined) return;
    let visitor = this.#sessions.get(session);
    if (visitor === undefined) {
      visitor = { source: undefined };
      this.#sessions.set(session, visitor);
    }
    this.#note(visitor, { method: headers[':method'], httpVersion: '2.0', headers, socket: session.socket });
  }

  /** Records a connection to a non-HTTP server. One that ends without data was only a port check. */
  connection(socket: Socket): void {
    this.#open(socket);
    this.#unheard.set(socket, this.#clock.now());
    // The address is unknown after the connection has ended.
    const address = socket.remoteAddress;
    socket.once('close', () => this.#listen(socket, address));
  }

  /** Records a request whose end is not tracked, e.g. a WebSocket handshake. */
  upgrade(request: IncomingMessage): void {
    this.#arrived += 1;
    const { socket } = request;
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
    this.#note({ source: undefined }, request);
  }

  /** From now on HTTP/1 responses whose headers are not sent yet ask the client to close its connection. */
  startDraining(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const response of this.#http1.open) this.prepare(response);
  }

  /** Call it with every HTTP/1 response before the host sees it. */
  prepare(response: ServerResponse): void {
    if (this.#draining && !response.headersSent) response.setHeader('Connection', 'close');
  }

  /** From now on calls `run` whenever an HTTP/1 response has finished. */
  watchEnds(run: () => void): void {
    this.#http1.watchEnds(run);
  }

  /** Leaves no timer behind. */
  close(): void {
    for (const callOff of this.#rests) callOff();
    this.#rests.clear();
  }

  #open(stream: ServerHttp2Stream | Socket): void {
    this.#openStreams.add(stream);
    this.#arrived += 1;
    stream.on('close', this.#onStreamEnd);
  }

  /** A prober's connection usually carries only probes, so after one other request no further check is made. */
  #note(
    visitor: Peer,
    request: Pick<IncomingMessage, 'method' | 'httpVersion' | 'headers'> & {
      readonly socket?: Pick<Socket, 'remoteAddress'> | undefined;
    },
  ): void {
    const { source } = visitor;
    if (source?.resting) source.counted();
    else if (source !== undefined && !source.retired) this.#noteKnown(source);
    else if (!isProberRequest(request))
      visitor.source = this.#sources.arrived(request.socket?.remoteAddress, this.#clock.now());
  }

  #noteKnown(source: Source): void {
    source.arrived(this.#clock.now());
    if (!source.isBusy) return;
    source.resting = true;
    const callOff = this.#clock.after(REST_MS, () => {
      this.#rests.delete(callOff);
      source.resting = false;
      source.settle(this.#clock.now());
    });
    this.#rests.add(callOff);
  }

  #listen(socket: Socket, address = socket.remoteAddress): void {
    const cameAt = this.#unheard.get(socket);
    const isOver = socket.destroyed;
    if (cameAt !== undefined && socket.bytesRead > 0) this.#sources.arrived(address, cameAt);
    else if (!isOver) return;
    this.#unheard.delete(socket);
  }
}

function isHttp2Stream(stream: ServerHttp2Stream | Socket): stream is ServerHttp2Stream {
  return 'sentHeaders' in stream;
}

function removerFrom(open: Set<ServerHttp2Stream | Socket>): () => void {
  return function remove(this: ServerHttp2Stream | Socket) {
    open.delete(this);
  };
}
