import type { Socket } from 'node:net';

/** A request as it came. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly head: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * The requests on a connection, one after the other: the next one is taken when the last one has been answered. Our
 * clients give each body its length.
 */
export async function* requestsOn(socket: Socket): AsyncGenerator<WireRequest> {
  let buffered = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    buffered = Buffer.concat([buffered, chunk]);
    for (let request = requestIn(buffered); request !== undefined; request = requestIn(buffered)) {
      buffered = buffered.subarray(request.end);
      yield request;
      if (socket.destroyed) return;
    }
  }
}

function requestIn(bytes: Buffer): (WireRequest & { end: number }) | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.subarray(0, headEnd).toString('latin1');
  const [first = '', ...rest] = head.split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = Object.fromEntries(
    rest.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < end) return undefined;
  return { method, path, head, headers, body: bytes.subarray(headEnd + 4, end), end };
}
