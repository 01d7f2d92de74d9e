export interface PlainRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | undefined;
}

/** A request of HTTP/1.1 as it is on the wire. Throws for a header value with a line break. */
export function requestBytes({ method, path, host, headers, body = Buffer.alloc(0) }: PlainRequest): Buffer {
  const lines = Object.entries({ host, ...headers, 'content-length': body.length }).map(
    ([name, value]) => `${name}: ${String(value)}`,
  );
  if (lines.some((line) => /[\r\n]/.test(line))) throw new TypeError('a header value has a line break');
  const head = [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}
