import { isLoopback } from '../net/ip-address.js';

/** Who asks for the health, as far as a request tells. */
export interface HealthClient {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** Names and values in turn, as they came: far cheaper on HTTP/1 than `headers`, which are made when they are asked for. */
  readonly rawHeaders?: readonly string[] | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** The `User-Agent` of the HTTP checks of a Consul agent (https://github.com/hashicorp/consul/blob/main/agent/checks/check.go). */
const CONSUL_CHECK = 'Consul Health Check';

export function isConsulCheck({ headers }: HealthClient): boolean {
  return headers?.['user-agent'] === CONSUL_CHECK;
}

/** Somebody on this host, and not a proxy on it that asks for somebody else. */
export function isLocalClient(asker: HealthClient): boolean {
  const { socket, rawHeaders } = asker;
  if (socket === undefined || !isFromHere(socket)) return false;
  if (rawHeaders === undefined) return !Object.keys(asker.headers ?? {}).some((name) => forwarding.test(name));
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (forwarding.test(rawHeaders[at] ?? '')) return false;
  }
  return true;
}

/** The names of headers that a proxy adds. */
const forwarding =
  /^(?:x-(?:forwarded|envoy-|original-forwarded|real-ip$|client-ip$|cluster-client-ip$)|forwarded$|via$|true-client-ip$|cf-connecting-ip$)/i;

/** Looked at once a connection: taking an address apart costs more than an answer. */
const fromHere = new WeakMap<object, boolean>();

function isFromHere(socket: NonNullable<HealthClient['socket']>): boolean {
  let known = fromHere.get(socket);
  if (known === undefined) {
    known = isLoopback(socket.remoteAddress ?? '');
    fromHere.set(socket, known);
  }
  return known;
}
