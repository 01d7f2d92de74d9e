import { parseJsonText } from '../../core/sliced-json.js';

/** Splits a stream of JSON objects, one a line, as its bytes arrive. Each byte is looked at once. */
export class JsonLines {
  readonly #onMessage: (message: unknown) => boolean;
  #parts: Buffer[] = [];
  #latest: unknown;

  /** `onMessage` gets each object, undefined for a line that is no JSON, and returns true for the last one it needs. */
  constructor(onMessage: (message: unknown) => boolean) {
    this.#onMessage = onMessage;
  }

  /** The message that arrived last; more bytes may have arrived after it. */
  get latest(): unknown {
    return this.#latest;
  }

  /** Takes the next bytes. True once the last message needed has arrived. */
  push(chunk: Buffer): boolean {
    let start = 0;
    for (let end = chunk.indexOf(NEW_LINE); end >= 0; end = chunk.indexOf(NEW_LINE, start)) {
      const line = Buffer.concat([...this.#parts, chunk.subarray(start, end)]).toString();
      this.#parts = [];
      start = end + 1;
      if (line.trim() === '') continue;
      this.#latest = parseJson(line);
      if (this.#onMessage(this.#latest)) return true;
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start));
    return false;
  }
}

const NEW_LINE = 0x0a;

/** Undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return parseJsonText(text);
  } catch {
    return undefined;
  }
}
