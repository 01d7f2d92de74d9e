import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Peer } from './peer.js';

/** The unfinished responses of one connection: the latest, and earlier ones when the client pipelines. */
interface ConnectionExchanges extends Peer {
  latest: ServerResponse;
  readonly earlier: ServerResponse[];
}

/**
 * The HTTP/1 requests in flight, stored per connection and computed on demand: a listener or set entry per request
 * would cost a server of small responses several percent of its throughput.
 */
export class Http1Exchanges {
  readonly #lanes = new Map<Socket, ConnectionExchanges>();
  #onEnd: (() => void) | undefined;

  /** Responses that have not finished. */
  get open(): ServerResponse[] {
    return [...this.#lanes.values()]
      .flatMap(({ earlier, latest }) => [...earlier, latest])
      .filter((response) => !response.closed);
  }

  /** The connections of `open`. */
  get busy(): Socket[] {
    return [...this.#lanes].flatMap(([socket, { latest, earlier }]) =>
      latest.closed && earlier.every(({ closed }) => closed) ? [] : [socket],
    );
  }

  /** Whether a response of this connection has not been handed to the operating system completely. */
  isBusy(socket: Socket): boolean {
    const lane = this.#lanes.get(socket);
    return lane !== undefined && [...lane.earlier, lane.latest].some(({ writableFinished }) => !writableFinished);
  }

  /**
   * Records a request and returns its peer; undefined for a known request, because a host that handles
   * 'checkContinue' emits the same one again as 'request'.
   */
  arrived(request: IncomingMessage, response: ServerResponse): Peer | undefined {
    const { socket } = request;
    let lane = this.#lanes.get(socket);
    if (lane === undefined) {
      lane = { latest: response, earlier: [], source: undefined };
      this.#lanes.set(socket, lane);
      socket.once('close', () => this.#lanes.delete(socket));
    } else {
      const { latest, earlier } = lane;
      if (latest === response || earlier.includes(response)) return undefined;
      if (!latest.closed) earlier.push(latest);
      // Responses finish in the order of their requests.
      while (earlier[0]?.closed) earlier.shift();
      lane.latest = response;
    }
    if (this.#onEnd !== undefined) response.once('close', this.#onEnd);
    return lane;
  }

  /** From now on calls `run` whenever a response has finished. */
  watchEnds(run: () => void): void {
    this.#onEnd = run;
    for (const response of this.open) response.once('close', run);
  }
}
