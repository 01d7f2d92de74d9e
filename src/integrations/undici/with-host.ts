const isHost = (name: unknown) => typeof name === 'string' && name.toLowerCase() === 'host';

/** The headers with this Host, unless they have one: in each of the forms that undici takes. */
export function withHost(headers: unknown, host: string): unknown {
  if (typeof headers !== 'object' || headers === null) return { host };
  if (Array.isArray(headers)) {
    const isGiven = headers.some((each, at) => at % 2 === 0 && isHost(each));
    return isGiven ? headers : [...(headers as unknown[]), 'host', host];
  }
  if (Symbol.iterator in headers) {
    // Read once: it may be a generator, which a repeated request would find empty.
    const pairs = [...(headers as Iterable<readonly [unknown, unknown]>)];
    const flat = pairs.flatMap(([name, value]) => [name, value]);
    return pairs.some(([name]) => isHost(name)) ? flat : [...flat, 'host', host];
  }
  return Object.keys(headers).some(isHost) ? headers : { ...headers, host };
}
