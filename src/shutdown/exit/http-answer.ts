import type { DepartureAnswer } from '../../contracts/departure.js';

/** The first answer in the bytes that have arrived, and the bytes behind it. */
export interface ParsedAnswer {
  readonly answer: DepartureAnswer;
  readonly rest: Buffer;
}

const HEAD_END = '\r\n\r\n';

/** Parses an answer of HTTP/1.1 with a length or in chunks. Undefined while it is incomplete. */
export function parseAnswer(bytes: Buffer): ParsedAnswer | undefined {
  let parsed = parseOne(bytes);
  // There may be very many.
  while (parsed !== undefined && 'interim' in parsed) parsed = parseOne(parsed.interim);
  return parsed;
}

function parseOne(bytes: Buffer): ParsedAnswer | { readonly interim: Buffer } | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(headEnd + HEAD_END.length);
  // An interim answer, e.g. 100: the real one follows.
  if (status >= 100 && status < 200 && status !== 101) return { interim: rest };
  const body = /chunked/i.test(headers.get('transfer-encoding') ?? '')
    ? chunkedBody(rest)
    : plainBody(rest, status === 204 || status === 304 ? 0 : Number(headers.get('content-length') ?? 0));
  return body && { answer: { status, text: body.bytes.toString() }, rest: body.rest };
}

interface Body {
  readonly bytes: Buffer;
  readonly rest: Buffer;
}

function plainBody(bytes: Buffer, length: number): Body | undefined {
  return bytes.length < length ? undefined : { bytes: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

function chunkedBody(bytes: Buffer): Body | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const begin = lineEnd + 2;
    if (size === 0) {
      // Trailers, if any, end with an empty line.
      const end = bytes.indexOf('\r\n', begin) === begin ? begin : bytes.indexOf(HEAD_END, begin) + 2;
      return end < begin || bytes.length < end + 2
        ? undefined
        : { bytes: Buffer.concat(chunks), rest: bytes.subarray(end + 2) };
    }
    if (!(size > 0) || bytes.length < begin + size + 2) return undefined;
    chunks.push(bytes.subarray(begin, begin + size));
    at = begin + size + 2;
  }
}
