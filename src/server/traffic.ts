import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.js';

/** What a server is busy with; health requests do not count. On a plain TCP server a connection counts as a request. */
export interface TrafficFigures {
  /** Requests whose answer has not ended yet. */
  readonly inFlight: number;
  /** Requests that came to an end since bind, cut off ones included. */
  readonly served: number;
  /** `clock.now()` at the arrival of the latest request; undefined before the first. */
  readonly lastRequestAt: number | undefined;
  /** Connections opened since bind that are still open, idle ones included. */
  readonly openConnections: number;
}

/** Something that begins, and ends with a 'close' event. */
type Exchange = ServerResponse | ServerHttp2Stream | Socket;

/** Counts requests. It runs once a request, so it allocates nothing but a set entry. */
export class Traffic {
  readonly #clock: Clock;
  readonly #open = new Set<Exchange>();
  readonly #onEnd: () => void;
  /** One function for every exchange, with the exchange as `this`: a closure each would cost more than the count itself. */
  readonly #ended: (this: Exchange) => void;
  #arrived = 0;
  #lastRequestAt: number | undefined;
  #draining = false;

  /** @param onEnd called after each request that came to an end */
  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
    const end = this.#end.bind(this);
    this.#ended = function ended() {
      end(this);
    };
  }

  get inFlight(): number {
    return this.#open.size;
  }

  get served(): number {
    return this.#arrived - this.#open.size;
  }

  get lastRequestAt(): number | undefined {
    return this.#lastRequestAt;
  }

  /** An HTTP/1 request came in. */
  request(request: IncomingMessage, response: ServerResponse): void {
    this.begin(response);
    // Queued behind another answer on its connection (pipelining): such a response never says 'close' when the connection dies.
    if (response.socket === null) request.socket.once('close', () => this.#end(response));
  }

  begin(exchange: Exchange): void {
    const before = this.#open.size;
    // A host that answers 'checkContinue' hands the same request on as 'request'.
    if (this.#open.add(exchange).size === before) return;
    this.instant();
    exchange.on('close', this.#ended);
  }

  /** A request that needs no following, e.g. the handshake of a WebSocket: its connection lives on as something else. */
  instant(): void {
    this.#arrived += 1;
    this.#lastRequestAt = this.#clock.now();
  }

  /** From now on HTTP/1 answers ask the client to close its connection, where the headers have not gone out yet. */
  startDraining(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const exchange of this.#open) {
      if ('shouldKeepAlive' in exchange) askToClose(exchange);
    }
  }

  /** To be called with every HTTP/1 response before the host sees it. */
  prepare(response: ServerResponse): void {
    if (this.#draining) askToClose(response);
  }

  #end(exchange: Exchange): void {
    if (this.#open.delete(exchange)) this.#onEnd();
  }
}

function askToClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
