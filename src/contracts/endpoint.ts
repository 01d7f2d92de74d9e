import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

/** What an HTTP/2 stream asks for. */
export interface StreamRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Answers URLs of its own on the host's server, before the host sees the request. An answer may go on after the call has returned, e.g. as a
 * stream of events; the server cuts it off when it closes, and the response or stream emits 'close' as for a client that has gone.
 */
export interface Endpoint {
  /** Whether a request for this URL (path and query) is the endpoint's. */
  handles(url: string): boolean;
  /** Answers an HTTP/1 request whose URL it handles. */
  answer(request: IncomingMessage, reply: ServerResponse): void;
  /** The same for an HTTP/2 stream. */
  answerStream(stream: ServerHttp2Stream, request: StreamRequest): void;
}
