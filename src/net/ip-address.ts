/** True for the addresses that mean "every interface". */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** True for addresses that only this host reaches, however they are written. */
export function isLoopback(address: string): boolean {
  const plain = canonical(address);
  return plain === '::1' || /^(.+\.)?localhost$/.test(plain) || /^127(\.\d+){3}$/.test(plain);
}

/** True for addresses that end at the next router: nobody can reach us by one without knowing the very link. */
export function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address);
}

/** True for an IP, given something that is an IP or a host name. */
export function isIpLiteral(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/** True for an IP of the sixth version, given something that is an IP or a host name. */
export function isIpv6(host: string): boolean {
  return host.includes(':');
}

/** `host:port`, with an IPv6 host in brackets. */
export function hostPort(host: string, port: number): string {
  return `${isIpv6(host) ? `[${host}]` : host}:${String(port)}`;
}

/** A dual-stack server may show an IPv4 address in its IPv6 form. */
export function unmapped(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** One writing for each address: `0:0::1` is `::1`, and an IPv4 address in IPv6 form is that address. */
function canonical(address: string): string {
  const plain = unmapped(address).toLowerCase();
  const url = `http://[${plain}]`;
  const short = isIpv6(plain) && URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : plain;
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short);
  if (mapped === null) return short;
  const [high = 0, low = 0] = mapped.slice(1).map((group) => parseInt(group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
