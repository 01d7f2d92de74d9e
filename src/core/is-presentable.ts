import { isError } from './is-error.js';
import { presentable } from './printable.js';

/** What we or the operator chose and the registry shows to everyone: programs compare it, so it stays as it is. */
const ours: readonly string[] = ['instance', 'holder', 'from', 'to', 'name', 'status', 'state', 'code', 'policy'];
/** Of an object with more values than this, what is not an error or plain data is left out. */
const MOST_VALUES = 2_000;
/** What V8 quotes of a text that is not JSON. */
const QUOTED_JSON = /(\.{3})?"[^]*"(\.{3})? (?=is not valid JSON)/;

const marked = new WeakSet<object>();

/** Remembers that everything in an object is presentable, so that it is looked at only once. */
export function markPresented(value: object): void {
  marked.add(value);
}

/** Looks at everything that printing the value could show. Calls no getter. */
export function isPresentable(value: unknown): boolean {
  const seen = new Set<unknown>();
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined || open.length > 0; next = open.pop()) {
    if (typeof next === 'string') {
      if (presentable(next) !== next) return false;
      continue;
    }
    if (typeof next !== 'object' || next === null || seen.has(next) || marked.has(next)) continue;
    if (ArrayBuffer.isView(next) || seen.size > MOST_VALUES) return false;
    seen.add(next);
    if (isError(next)) {
      if (quotesJson(next)) return false;
      // Of some classes it is a getter.
      open.push(next.message);
    }
    for (const name of namesIn(next)) open.push(Object.getOwnPropertyDescriptor(next, name)?.value);
  }
  return true;
}

/** The names of all properties, enumerable or not, but those of ours in plain data. */
export function namesIn(value: object): string[] {
  const names = Object.getOwnPropertyNames(value);
  return isError(value) || Array.isArray(value) ? names : names.filter((name) => !ours.includes(name));
}

/** `JSON.parse` quotes part of the text, in which even a part of a secret is one. */
function quotesJson({ name, message }: Error): boolean {
  return name === 'SyntaxError' && QUOTED_JSON.test(message);
}

/** A text of an error without what `JSON.parse` quotes. */
export function withoutJson(text: unknown): unknown {
  return typeof text === 'string' ? text.replace(QUOTED_JSON, 'the text ') : text;
}
