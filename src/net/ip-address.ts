/** True for the addresses that mean "every interface". */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** True for loopback addresses and names, in any notation. */
export function isLoopback(address: string): boolean {
  const plain = canonical(address);
  return plain === '::1' || /^(.+\.)?localhost$/.test(plain) || /^127(\.\d+){3}$/.test(plain);
}

/** True for link-local addresses, which routers do not forward. */
export function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

/** True for an IP address, given an IP address or a host name. */
export function isIpLiteral(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/**
 * True for an IP address in any notation, given any text. One with a zone (`fe80::1%eth0`) is none, because the zone
 * means something on one host only.
 */
export function isIpAddress(text: string): boolean {
  const { isIP } = process.getBuiltinModule('node:net');
  return isIP(text) !== 0 && !text.includes('%');
}

/** True for an IPv6 address, given an IP address or a host name. */
export function isIpv6(host: string): boolean {
  return host.includes(':');
}

/** `host:port`, with an IPv6 host in brackets. */
export function hostPort(host: string, port: number): string {
  return `${isIpv6(host) ? `[${host}]` : host}:${String(port)}`;
}

/** A host as sockets and certificates have it: an IPv6 address without the brackets of a URL. */
export function unbracketed(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** Converts an IPv4-mapped IPv6 address, as dual-stack servers report it, to IPv4. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** The canonical notation of an address: `0:0::1` becomes `::1`, and an IPv4-mapped address becomes IPv4. */
function canonical(address: string): string {
  const plain = unmapped(address).toLowerCase();
  const url = `http://[${plain}]`;
  const short = isIpv6(plain) && URL.canParse(url) ? unbracketed(new URL(url).hostname) : plain;
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (mapped === null) return short;
  const [high = 0, low = 0] = mapped.slice(1).map((group) => parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
