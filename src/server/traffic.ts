import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';
import { Http1Exchanges } from './http1-exchanges.js';

/** What a server is busy with; health requests do not count. On a plain TCP server a connection counts as a request. */
export interface TrafficFigures {
  /** Requests whose answer has not ended yet. */
  readonly inFlight: number;
  /** Requests that came to an end since bind, cut off ones included. */
  readonly served: number;
  /**
   * `clock.now()` at the arrival of the latest request. Kept from the begin of draining on, so that a request costs no look at
   * the clock before; all that came until then count as having come at that moment. Undefined: no request, or no draining yet.
   */
  readonly lastRequestAt: number | undefined;
  /** Connections opened since bind that are still open, idle ones included. */
  readonly openConnections: number;
}

/** Counts requests. Its work for each one is next to nothing. */
export class Traffic {
  readonly #clock: Clock;
  readonly #http1 = new Http1Exchanges();
  readonly #onStreamEnd = () => {
    this.#openStreams -= 1;
  };
  #openStreams = 0;
  #arrived = 0;
  #lastRequestAt: number | undefined;
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

  get lastRequestAt(): number | undefined {
    return this.#lastRequestAt;
  }

  /** An HTTP/1 request came in. */
  request(request: IncomingMessage, response: ServerResponse): void {
    if (this.#http1.arrived(request, response)) this.instant();
  }

  /** An HTTP/2 stream, or a connection to a server that is not HTTP. */
  stream(stream: ServerHttp2Stream | Socket): void {
    this.#openStreams += 1;
    stream.on('close', this.#onStreamEnd);
    this.instant();
  }

  /** A request that needs no following, e.g. the handshake of a WebSocket: its connection lives on as something else. */
  instant(): void {
    this.#arrived += 1;
    if (this.#draining) this.#lastRequestAt = this.#clock.now();
  }

  /** From now on HTTP/1 answers ask the client to close its connection, where the headers have not gone out yet. */
  startDraining(): void {
    if (this.#draining) return;
    this.#draining = true;
    if (this.#arrived > 0) this.#lastRequestAt = this.#clock.now();
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
}
