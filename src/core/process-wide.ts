/** Increase the number when the type of any shared value changes: copies with different keys do not share. */
const key = Symbol.for('rollcall.2');

/**
 * State shared by every copy of this package in the process, e.g. one loaded by `import` and one by `require`. The
 * first copy that needs `name` creates it with `make`.
 */
export function processWide<T>(name: string, make: () => T): T {
  const shared = ((globalThis as { [key]?: Map<string, unknown> })[key] ??= new Map<string, unknown>());
  if (!shared.has(name)) shared.set(name, make());
  return shared.get(name) as T;
}
