import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Peer } from './peer.js';

/** What one connection is busy with: the latest request, and those before it that were not answered when it came (pipelining). */
interface ConnectionExchanges extends Peer {
  latest: ServerResponse;
  readonly earlier: ServerResponse[];
}

/**
 * The HTTP/1 requests that are not answered yet. Kept by connection and looked up when somebody asks: a listener or a set entry
 * for each request would cost a server of small answers several percent of its throughput.
 */
export class Http1Exchanges {
  readonly #lanes = new Map<Socket, ConnectionExchanges>();
  #onEnd: (() => void) | undefined;

  /** Those not ended yet. */
  get open(): ServerResponse[] {
    return [...this.#lanes.values()]
      .flatMap(({ earlier, latest }) => [...earlier, latest])
      .filter((response) => !response.closed);
  }

  /**
   * Notes a request, and returns who sent it; undefined when it is known already: a host that answers 'checkContinue' hands the same
   * one on as 'request'.
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
      // Answers end in the order of their requests.
      while (earlier[0]?.closed) earlier.shift();
      lane.latest = response;
    }
    if (this.#onEnd !== undefined) response.once('close', this.#onEnd);
    return lane;
  }

  /** From now on calls `run` whenever an answer has ended. */
  watchEnds(run: () => void): void {
    this.#onEnd = run;
    for (const response of this.open) response.once('close', run);
  }
}
