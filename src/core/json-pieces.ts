/** What one turn of the event loop scans, and what `JSON.parse` gets at once: some milliseconds of work. */
export const PIECE_BYTES = 64 * 1024;

/** Far deeper than any answer of a registry; `JSON.parse` takes half a second for a megabyte of open brackets. */
const DEEPEST = 128;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;

/** A part of the inside of a container: some short elements with the commas between them, or one that is long. */
export interface Piece {
  readonly bytes: Buffer;
  readonly of: 'list' | 'object';
  readonly isOne: boolean;
}

/**
 * Takes the outermost container apart. Also yields undefined after each 64 KiB, so that the caller can pause. Finds
 * only where pieces end: `JSON.parse` has to check what is in them. Throws `SyntaxError`.
 */
export function* piecesOf(bytes: Buffer): Generator<Piece | undefined, void> {
  const openers: number[] = [];
  let begin = 0;
  let lastBegin = 0;
  let pauseAt = PIECE_BYTES;
  let inString = false;
  let isEscaped = false;
  let of: Piece['of'] | undefined;
  for (let at = 0; at < bytes.length; at += 1) {
    if (at === pauseAt) {
      yield undefined;
      pauseAt += PIECE_BYTES;
    }
    const byte = bytes[at] as number;
    if (inString) {
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === COMMA && openers.length === 1 && of !== undefined) {
      if (at - lastBegin > PIECE_BYTES) {
        if (lastBegin > begin) yield pieceOf(bytes, begin, lastBegin - 1, of, false);
        yield pieceOf(bytes, lastBegin, at, of, true);
        begin = at + 1;
      } else if (at - begin > PIECE_BYTES) {
        yield pieceOf(bytes, begin, at, of, false);
        begin = at + 1;
      }
      lastBegin = at + 1;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (openers.length === DEEPEST) throw new SyntaxError('it is nested too deep');
      if (openers.length === 0) {
        if (of !== undefined) throw new SyntaxError('it has more than one value');
        of = byte === OPEN_LIST ? 'list' : 'object';
        begin = lastBegin = at + 1;
      }
      openers.push(byte);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (openers.pop() !== (byte === CLOSE_LIST ? OPEN_LIST : OPEN_OBJECT))
        throw new SyntaxError('its brackets do not match');
      if (openers.length > 0 || of === undefined) continue;
      const isLastLong = at - lastBegin > PIECE_BYTES;
      if (isLastLong && lastBegin > begin) yield pieceOf(bytes, begin, lastBegin - 1, of, false);
      const from = isLastLong ? lastBegin : begin;
      const isFirst = bytes[from - 1] !== COMMA;
      if (!isFirst || !isBlank(bytes, from, at)) yield pieceOf(bytes, from, at, of, isLastLong);
    } else if (openers.length === 0 && byte > SPACE) {
      throw new SyntaxError('it is no list and no object');
    }
  }
  if (of === undefined || openers.length > 0) throw new SyntaxError('it ends too early');
}

/** The key of a member, and its value as text. */
export function keyAndValue(bytes: Buffer): { readonly key: string; readonly value: Buffer } {
  const begin = bytes.indexOf(QUOTE);
  let end = begin + 1;
  while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1;
  const colon = bytes.indexOf(COLON, end);
  if (begin < 0 || colon < 0 || !isBlank(bytes, 0, begin) || !isBlank(bytes, end + 1, colon))
    throw new SyntaxError('it has a member without a key');
  return { key: String(JSON.parse(bytes.toString('utf8', begin, end + 1))), value: bytes.subarray(colon + 1) };
}

function pieceOf(bytes: Buffer, from: number, to: number, of: Piece['of'], isOne: boolean): Piece {
  if (isBlank(bytes, from, to)) throw new SyntaxError('it has a comma too many');
  return { bytes: bytes.subarray(from, to), of, isOne };
}

/** True for white space alone. */
function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if ((bytes[at] as number) > SPACE) return false;
  return true;
}
