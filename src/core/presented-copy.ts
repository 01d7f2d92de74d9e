import { isError } from './is-error.js';
import { isPresentable, namesIn, withoutJson } from './is-presentable.js';
import { presentable } from './printable.js';
import { HIDDEN } from './secrets.js';

/** A copy of errors and plain data in which all texts are presentable; anything else that is not is hidden. */
export function presentedCopy(value: unknown): unknown {
  return copyOf(value, new Map());
}

/** `copies` has what was copied before, since causes can form a cycle. */
function copyOf(value: unknown, copies: Map<unknown, unknown>): unknown {
  if (typeof value === 'string') return presentable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  const isPlain = [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  if (!isError(value) && !isPlain) return isPresentable(value) ? value : HIDDEN;
  const copy: object = isError(value) ? emptyError(value) : Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  const kept = new Set(namesIn(value));
  for (const name of Object.getOwnPropertyNames(value)) {
    const found = Object.getOwnPropertyDescriptor(value, name);
    // The stack of some versions of V8 is a getter.
    const inner: unknown = name === 'stack' ? Reflect.get(value, name) : found?.value;
    const shown = kept.has(name) ? copyOf(isError(value) ? withoutJson(inner) : inner, copies) : inner;
    Object.defineProperty(copy, name, {
      value: shown,
      enumerable: found?.enumerable === true,
      writable: true,
      configurable: name !== 'length',
    });
  }
  return copy;
}

/** With a name and message of its own, since some classes have getters that refuse a copy. */
function emptyError(error: Error): Error {
  const { name, message } = error;
  const copy = new Error(presentable(String(withoutJson(message))));
  Object.defineProperty(copy, 'name', { value: name, enumerable: false, writable: true, configurable: true });
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object | null);
  return copy;
}
