import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

/** What is unfinished on a server. */
export interface OpenWork {
  readonly responses: readonly ServerResponse[];
  readonly streams: readonly ServerHttp2Stream[];
  /** Connections to a server that does not speak HTTP. */
  readonly connections: readonly Socket[];
  /** Connections that changed their protocol, e.g. to a WebSocket. */
  readonly upgraded: readonly Socket[];
}

/** What had to be destroyed before it was complete. */
export interface CutOff {
  readonly responses: number;
  readonly upgraded: number;
}

/** HTTP/2's INTERNAL_ERROR. Clients take a stream that ends with CANCEL for whole. */
const INTERNAL_ERROR = 2;
const EVENT_STREAM = /^text\/event-stream\b/i;
const CONTENT_TYPE = /^content-type: *(.*)$/im;

/**
 * Ends the event streams, whose clients then connect elsewhere: a clean end loses nothing. The returned function
 * destroys those whose clients do not read on.
 */
export function endEventStreams({ responses, streams }: OpenWork): () => void {
  const ended = [...responses.filter(isEventStream), ...streams.filter(isEventStream2)];
  for (const each of ended) if (!each.writableEnded) each.end();
  return () => {
    for (const each of ended) each.destroy();
  };
}

/** Destroys everything but event streams: `end()` would pass a truncated download off as whole. */
export function cutOff({ responses, streams, connections, upgraded }: OpenWork): CutOff {
  const unfinished = responses.filter((response) => !isEventStream(response));
  const resettable = streams.filter((stream) => !isEventStream2(stream));
  for (const response of unfinished) {
    // Before the first byte as well: the connection is closed, so that the client may try again elsewhere.
    if (response.socket === null) response.destroy();
    else response.socket.destroy();
  }
  for (const stream of resettable) {
    // The stream emits the code as an error, which a host without a listener would not survive.
    stream.on('error', () => undefined);
    stream.close(INTERNAL_ERROR);
  }
  return {
    responses: unfinished.length + resettable.length + destroyAll(connections),
    upgraded: destroyAll(upgraded),
  };
}

/** Destroys the connections and returns their number. */
export function destroyAll(sockets: readonly Socket[]): number {
  const alive = sockets.filter(({ destroyed }) => !destroyed);
  for (const socket of alive) socket.destroy();
  return alive.length;
}

function isEventStream(response: ServerResponse): boolean {
  const type = response.getHeader('content-type') ?? CONTENT_TYPE.exec(sentHeader(response))?.[1];
  return response.headersSent && EVENT_STREAM.test(String(type));
}

/** `getHeader` does not know what `writeHead(status, headers)` has sent; Node keeps only its text. */
function sentHeader(response: ServerResponse & { readonly _header?: unknown }): string {
  return typeof response._header === 'string' ? response._header : '';
}

function isEventStream2(stream: ServerHttp2Stream): boolean {
  return EVENT_STREAM.test(String(stream.sentHeaders?.['content-type']));
}
