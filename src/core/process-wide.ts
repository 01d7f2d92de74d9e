/** Its number changes with the shape of anything that is kept under it: copies of the package that differ there do not share. */
const key = Symbol.for('rollcall.1');

/**
 * State that every copy of this package in the process shares: one by `import` and one by `require`, or two that are installed. The first
 * copy that asks for `name` makes it.
 */
export function processWide<T>(name: string, make: () => T): T {
  const shared = ((globalThis as { [key]?: Map<string, unknown> })[key] ??= new Map<string, unknown>());
  if (!shared.has(name)) shared.set(name, make());
  return shared.get(name) as T;
}
