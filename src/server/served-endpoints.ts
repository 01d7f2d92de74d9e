import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Endpoint } from '../contracts/endpoint.js';

/** What decides whose request it is. */
type RequestTarget = { readonly url?: string | undefined; readonly method?: string | undefined };

/** The endpoints of one server and their unfinished answers. */
export class ServedEndpoints {
  readonly #endpoints: readonly Endpoint[];
  readonly #unfinished = new Set<ServerResponse | ServerHttp2Stream>();
  #isClosing = false;

  constructor(endpoints: readonly Endpoint[]) {
    this.#endpoints = endpoints;
  }

  /** Lets the first endpoint that handles the request answer. Returns false when the request is the host's. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const endpoint = this.#endpointFor(request);
    if (endpoint === undefined) return false;
    endpoint.answer(request, response);
    this.#follow(response);
    return true;
  }

  /** The same for an HTTP/2 stream. */
  answerStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const request = { method: headers[':method'], url: headers[':path'], headers };
    const endpoint = this.#endpointFor(request);
    if (endpoint === undefined) return false;
    endpoint.answerStream(stream, request);
    this.#follow(stream);
    return true;
  }

  /**
   * Cuts off unfinished answers, now and later: each would keep its connection and thus the server open as long as
   * its client stays.
   */
  cutOff(): void {
    this.#isClosing = true;
    for (const answer of this.#unfinished) if (!answer.writableEnded) answer.destroy();
  }

  #endpointFor({ url = '', method }: RequestTarget): Endpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.handles(url, method));
  }

  #follow(answer: ServerResponse | ServerHttp2Stream): void {
    // An answer that is complete at once needs no tracking.
    if (answer.writableEnded || answer.destroyed) return;
    if (this.#isClosing) {
      answer.destroy();
      return;
    }
    this.#unfinished.add(answer);
    answer.once('close', () => this.#unfinished.delete(answer));
  }
}
