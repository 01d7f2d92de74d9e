/** Says of a registry without registrations what is allowed instead. */
export function readOnlyFault(name: string): string {
  return `a registry that takes registrations; ${name}() is read-only, so pass it by itself to createResolver()`;
}
