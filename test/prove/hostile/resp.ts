import type { Socket } from 'node:net';

/** Redis' protocol, as far as a proxy needs it. */

/** Where the value that begins at `at` ends; undefined while it is not complete. */
export function endOfValue(bytes: Buffer, at = 0): number | undefined {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const type = String.fromCharCode(bytes[at] ?? 0);
  const next = lineEnd + 2;
  const count = Number(bytes.subarray(at + 1, lineEnd).toString());
  if (type === '$') {
    const end = count < 0 ? next : next + count + 2;
    return bytes.length < end ? undefined : end;
  }
  if (type !== '*') return next;
  let end: number | undefined = next;
  for (let left = count; left > 0 && end !== undefined; left -= 1) end = endOfValue(bytes, end);
  return end;
}

/** The texts of an array of bulk strings; one that is null is empty. */
export function wordsOf(command: Buffer): string[] {
  const words: string[] = [];
  let at = command.indexOf('\r\n') + 2;
  while (at < command.length) {
    const lineEnd = command.indexOf('\r\n', at);
    const length = Number(command.subarray(at + 1, lineEnd).toString());
    words.push(length < 0 ? '' : command.subarray(lineEnd + 2, lineEnd + 2 + length).toString());
    at = length < 0 ? lineEnd + 2 : lineEnd + 2 + length + 2;
  }
  return words;
}

export function bulk(text: Buffer | string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')]);
}

export function list(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}

/** The text of a bulk string; undefined for anything else. */
export function bulkText(reply: Buffer): string | undefined {
  if (!reply.toString('latin1', 0, 1).startsWith('$')) return undefined;
  const lineEnd = reply.indexOf('\r\n');
  return lineEnd + 2 >= reply.length ? undefined : reply.subarray(lineEnd + 2, -2).toString();
}

/** The values that come on a connection. */
export async function* valuesOn(socket: Socket): AsyncGenerator<Buffer, undefined> {
  let buffered = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    buffered = Buffer.concat([buffered, chunk]);
    for (let end = endOfValue(buffered); end !== undefined; end = endOfValue(buffered)) {
      yield buffered.subarray(0, end);
      buffered = buffered.subarray(end);
    }
  }
  return undefined;
}
