import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, Http2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.js';
import { Http1Exchanges } from './http1-exchanges.js';
import { isProberRequest } from './known-probers.js';
import { Sources } from './sources.js';
import type { Arrivals, Source } from './sources.js';
import type { Peer } from './peer.js';

/** What a server is busy with; health requests do not count. On a plain TCP server a connection counts as a request. */
export interface TrafficFigures {
  /** Requests whose answer has not ended yet. */
  readonly inFlight: number;
  /** Requests that came to an end since bind, cut off ones included. */
  readonly served: number;
  /** Connections opened since bind that are still open, idle ones included. */
  readonly openConnections: number;
}

/** A busy source's requests are noted so often. Far less than any silence that proves something. */
const REST_MS = 100;

/** Counts requests, and notes where they come from. Its work for each one is next to nothing. */
export class Traffic {
  readonly #clock: Clock;
  readonly #http1 = new Http1Exchanges();
  readonly #sources = new Sources();
  readonly #sessions = new WeakMap<Http2Session, Peer>();
  /** Connections to a server that is not HTTP of which nobody has looked yet whether they said a word, and when they came. */
  readonly #unheard = new Map<Socket, number>();
  readonly #onStreamEnd = () => {
    this.#openStreams -= 1;
  };
  #openStreams = 0;
  #arrived = 0;
  #draining = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#http1.open.length + this.#openStreams;
  }

  get served(): number {
    return this.#arrived - this.inFlight;
  }

  /** Where requests come from; probers left out, and those that have not come for a minute. */
  get sources(): readonly Arrivals[] {
    for (const [socket] of this.#unheard) this.#listen(socket);
    return this.#sources.known(this.#clock.now());
  }

  /** An HTTP/1 request came in. */
  request(request: IncomingMessage, response: ServerResponse): void {
    const lane = this.#http1.arrived(request, response);
    if (lane === undefined) return;
    this.#arrived += 1;
    this.#note(lane, request);
  }

  /** An HTTP/2 stream. */
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

  /** A connection to a server that is not HTTP. One that ends without a word was a check of whether the port is open. */
  connection(socket: Socket): void {
    this.#open(socket);
    this.#unheard.set(socket, this.#clock.now());
    // Its address is no longer known once it has ended.
    const address = socket.remoteAddress;
    socket.once('close', () => this.#listen(socket, address));
  }

  /** A request whose end is not followed, e.g. the handshake of a WebSocket: its connection lives on as something else. */
  upgrade(request: IncomingMessage): void {
    this.#arrived += 1;
    this.#note({ source: undefined }, request);
  }

  /** From now on HTTP/1 answers ask the client to close its connection, where the headers have not gone out yet. */
  startDraining(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const response of this.#http1.open) this.prepare(response);
  }

  /** To be called with every HTTP/1 response before the host sees it. */
  prepare(response: ServerResponse): void {
    if (this.#draining && !response.headersSent) response.setHeader('Connection', 'close');
  }

  /** From now on calls `run` whenever an HTTP/1 answer has ended. */
  watchEnds(run: () => void): void {
    this.#http1.watchEnds(run);
  }

  #open(stream: ServerHttp2Stream | Socket): void {
    this.#openStreams += 1;
    this.#arrived += 1;
    stream.on('close', this.#onStreamEnd);
  }

  /** Connections of probers carry nothing else, as a rule: on one that brought a request that was none, no further one is looked at. */
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
    this.#clock.after(REST_MS, () => {
      source.resting = false;
      source.settle(this.#clock.now());
    });
  }

  #listen(socket: Socket, address = socket.remoteAddress): void {
    const cameAt = this.#unheard.get(socket);
    const isOver = socket.destroyed;
    if (cameAt !== undefined && socket.bytesRead > 0) this.#sources.arrived(address, cameAt);
    else if (!isOver) return;
    this.#unheard.delete(socket);
  }
}
