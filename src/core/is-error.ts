/** True for every error, also one of another realm, as Node's own errors are in Jest: `instanceof` fails for those. */
export function isError(thrown: unknown): thrown is Error {
  return Object.prototype.toString.call(thrown) === '[object Error]' || thrown instanceof Error;
}
