import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Peer } from './peer.js';

/** The unfinished responses of one connection: the latest, and earlier ones when the client pipelines. */
interface ConnectionExchanges extends Peer {
  latest: ServerResponse;
  /** In the order of their requests; those before `firstOpen` have finished. */
  earlier: ServerResponse[];
  firstOpen: number;
}

/** So many finished responses are kept at most, or as many as unfinished ones. */
const MOST_FINISHED = 8;

/**
 * The HTTP/1 requests in flight, stored per connection and computed on demand: a listener or set entry per request
 * would cost a server of small responses several percent of its throughput.
 */
export class Http1Exchanges {
  readonly #lanes = new Map<Socket, ConnectionExchanges>();
  /** All that became an earlier one: a search among thousands, for each request, would block the server. */
  readonly #pipelined = new WeakSet<ServerResponse>();
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
      lane = { latest: response, earlier: [], firstOpen: 0, source: undefined };
      this.#lanes.set(socket, lane);
      socket.once('close', () => this.#lanes.delete(socket));
    } else {
      const { latest, earlier } = lane;
      if (latest === response || (earlier.length > 0 && this.#pipelined.has(response))) return undefined;
      if (!latest.closed) {
        earlier.push(latest);
        this.#pipelined.add(latest);
      }
      if (earlier.length > 0) forgetFinished(lane);
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

/** Responses finish in the order of their requests. */
function forgetFinished(lane: ConnectionExchanges): void {
  const { earlier } = lane;
  while (earlier[lane.firstOpen]?.closed === true) lane.firstOpen += 1;
  if (lane.firstOpen < Math.max(MOST_FINISHED, earlier.length / 2)) return;
  lane.earlier = earlier.slice(lane.firstOpen);
  lane.firstOpen = 0;
}
