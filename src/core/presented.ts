import { isPresentable } from './is-presentable.js';
import { presentedCopy } from './presented-copy.js';

/** A value whose texts are all presentable, those of errors too: the given one if nothing has to change. */
export function presented<T>(value: T): T {
  return (isPresentable(value) ? value : presentedCopy(value)) as T;
}
