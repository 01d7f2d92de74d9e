import { isLoopback } from '../instance/address.js';

/** Who asks for the health, as far as a request tells. */
export interface Asker {
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
}

/** The `User-Agent` of the HTTP checks of a Consul agent (https://github.com/hashicorp/consul/blob/main/agent/checks/check.go). */
const CONSUL_CHECK = 'Consul Health Check';

export function isConsulCheck({ headers }: Asker): boolean {
  return headers?.['user-agent'] === CONSUL_CHECK;
}

/** Somebody on this host, and not a proxy on it that asks for somebody else. */
export function isPrivateLook({ headers = {}, socket }: Asker): boolean {
  return isLoopback(socket?.remoteAddress ?? '') && !Object.keys(headers).some(tellsOfForwarding);
}

const forwardedBy = new Set(['forwarded', 'via', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'x-original-forwarded-for', 'true-client-ip', 'cf-connecting-ip']);

function tellsOfForwarding(header: string): boolean {
  return header.startsWith('x-forwarded') || header.startsWith('x-envoy-') || forwardedBy.has(header);
}
