import { nextTurn, systemClock } from './clock.js';
import { PIECE_BYTES, keyAndValue, piecesOf } from './json-pieces.js';

/** How long parsing may keep the event loop from other work. */
const SLICE_MS = 5;
/** What is short comes by the ten thousand in a piece, and a visitor may take long over each. */
const VISITS_AT_ONCE = 32;

/** Gets one element of a list, or one member of an object with its key. A throw ends the parsing. */
export type JsonVisitor = (value: unknown, key: string | undefined) => void;

export interface VisitOptions {
  /** The member of the outermost object whose list is visited in its place, element by element. @default none */
  readonly within?: string;
  /** The most bytes of what is visited at once: what is longer is left out. Matters from 64 KiB on. */
  readonly longest: number;
}

/**
 * Parses JSON as `JSON.parse` does, but more than 64 KiB in slices, with other work of the event loop in between.
 * Rejects with `SyntaxError`, whose message quotes nothing, also for what is nested deeper than 128 levels.
 */
export function parseSlicedJson(bytes: Buffer, signal: AbortSignal): Promise<unknown> {
  return inSlices(parsing(bytes), signal);
}

/** Parses at once, for what is a megabyte at most. What is nested too deep takes no time. Throws `SyntaxError`. */
export function parseJsonText(text: string): unknown {
  if (text.length <= PIECE_BYTES) return parsed(text);
  const steps = parsing(Buffer.from(text));
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Parses the outermost container in the same manner, and keeps nothing of it. */
export function visitSlicedJson(
  bytes: Buffer,
  { within, longest }: VisitOptions,
  visit: JsonVisitor,
  signal: AbortSignal,
): Promise<void> {
  return inSlices(visiting(bytes, visit, within, longest), signal);
}

/** Runs the steps of a generator, and pauses between two of them when the slice is over. */
export async function inSlices<T>(steps: Generator<unknown, T>, signal: AbortSignal): Promise<T> {
  let since = systemClock.now();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    if (systemClock.now() - since < SLICE_MS) continue;
    await nextTurn();
    signal.throwIfAborted();
    since = systemClock.now();
  }
}

function* visiting(bytes: Buffer, visit: JsonVisitor, within?: string, longest = Infinity): Generator<undefined, void> {
  for (const piece of piecesOf(bytes)) {
    yield;
    if (piece === undefined) continue;
    const { key, value } = piece.of === 'object' && piece.isOne ? keyAndValue(piece.bytes) : noKey(piece.bytes);
    if (key !== undefined && key === within) {
      yield* visiting(value, visit, undefined, longest);
    } else if (piece.isOne) {
      if (value.length <= longest) visit(yield* parsing(value), key);
    } else if (piece.of === 'list') {
      yield* visitingElements(parsed(`[${piece.bytes.toString()}]`) as unknown[], visit);
    } else {
      yield* visitingMembers(parsed(`{${piece.bytes.toString()}}`) as object, visit, within);
    }
  }
}

function* visitingElements(elements: readonly unknown[], visit: JsonVisitor): Generator<undefined, void> {
  for (const [index, element] of elements.entries()) {
    visit(element, undefined);
    if (index % VISITS_AT_ONCE === 0) yield;
  }
}

function* visitingMembers(members: object, visit: JsonVisitor, within: string | undefined): Generator<undefined, void> {
  let visits = 0;
  for (const [key, value] of Object.entries(members) as [string, unknown][]) {
    if (key === within && Array.isArray(value)) yield* visitingElements(value, visit);
    else visit(value, key);
    visits += 1;
    if (visits % VISITS_AT_ONCE === 0) yield;
  }
}

function noKey(value: Buffer): { readonly key: undefined; readonly value: Buffer } {
  return { key: undefined, value };
}

function* parsing(bytes: Buffer): Generator<undefined, unknown> {
  if (bytes.length <= PIECE_BYTES) return parsed(bytes.toString());
  const begin = bytes.toString('latin1', 0, PIECE_BYTES).trimStart()[0];
  // A number or a text.
  if (begin !== '[' && begin !== '{') return parsed(bytes.toString());
  const list: unknown[] = [];
  const members = {};
  yield* visiting(bytes, (value, key) => {
    if (key === undefined) list.push(value);
    else setOwn(members, key, value);
  });
  return begin === '[' ? list : members;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message would quote the text.
    throw new SyntaxError('it is not JSON');
  }
}

/** Also for the key `__proto__`, as `JSON.parse` does. */
function setOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
