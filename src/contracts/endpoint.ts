import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

/** The request of an HTTP/2 stream. */
export interface StreamRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Answers its own URLs on the host's server, before the host sees the request. An answer may continue after the call
 * returns, e.g. as an event stream; when the server closes it is cut off, and the response or stream emits 'close' as
 * when the client disconnects.
 */
export interface Endpoint {
  /** Whether a request for this URL (path and query) by this method is the endpoint's; any other is the host's. */
  handles(url: string, method: string | undefined): boolean;
  /** Answers an HTTP/1 request that it handles. */
  answer(request: IncomingMessage, reply: ServerResponse): void;
  /** The same for an HTTP/2 stream. */
  answerStream(stream: ServerHttp2Stream, request: StreamRequest): void;
}
