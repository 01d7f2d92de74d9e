import { isLoopback } from '../net/ip-address.js';

/** The client of a health request, as far as the request identifies it. */
export interface HealthClient {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Alternating names and values: far cheaper on HTTP/1 than `headers`, which Node builds at the first access. */
  readonly rawHeaders?: readonly string[] | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/**
 * The `User-Agent` of the HTTP checks of a Consul agent
 * (https://github.com/hashicorp/consul/blob/main/agent/checks/check.go).
 */
const CONSUL_CHECK = 'Consul Health Check';

export function isConsulCheck({ headers }: HealthClient): boolean {
  return headers?.['user-agent'] === CONSUL_CHECK;
}

/** Whether the client is on this host and not a proxy that forwards a request from elsewhere. */
export function isLocalClient(asker: HealthClient): boolean {
  const { socket, rawHeaders } = asker;
  if (socket === undefined || !isFromHere(socket)) return false;
  if (rawHeaders === undefined) return !Object.keys(asker.headers ?? {}).some((name) => forwarding.test(name));
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (forwarding.test(rawHeaders[at] ?? '')) return false;
  }
  return true;
}

/** Headers that a proxy adds. */
const forwarding = new RegExp(
  '^(?:x-(?:forwarded|envoy-|original-forwarded|real-ip$|client-ip$|cluster-client-ip$)' +
    '|forwarded$|via$|true-client-ip$|cf-connecting-ip$)',
  'i',
);

/** Cached per connection: parsing an address costs more than an answer. */
const fromHere = new WeakMap<object, boolean>();

function isFromHere(socket: NonNullable<HealthClient['socket']>): boolean {
  let known = fromHere.get(socket);
  if (known === undefined) {
    known = isLoopback(socket.remoteAddress ?? '');
    fromHere.set(socket, known);
  }
  return known;
}
