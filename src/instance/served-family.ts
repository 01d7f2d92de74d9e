import { isIpv6, isWildcard, unmapped } from '../net/ip-address.js';

/** What a server listens on. */
interface Bound {
  readonly address: string;
  readonly isIpv6Only?: boolean;
}

export type AddressFamily = 'IPv4' | 'IPv6';

/** The family whose connections the server does not take; undefined: it takes both, or there is no server. */
export function unservedFamily(server: Bound | undefined): AddressFamily | undefined {
  if (server === undefined) return undefined;
  const address = unmapped(server.address);
  if (!isIpv6(address)) return 'IPv6';
  return isWildcard(address) && server.isIpv6Only !== true ? undefined : 'IPv4';
}

/** Given an IP address. */
export function familyOf(address: string): AddressFamily {
  return isIpv6(unmapped(address)) ? 'IPv6' : 'IPv4';
}

/** The family that a server takes when it does not take the given one. */
export function otherFamily(family: AddressFamily): AddressFamily {
  return family === 'IPv4' ? 'IPv6' : 'IPv4';
}

/** Where this host reaches the server. */
export function loopbackOf(server: Bound | undefined): string {
  return unservedFamily(server) === 'IPv4' ? '::1' : '127.0.0.1';
}
