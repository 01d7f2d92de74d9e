import type { RegistryEndpoint } from '../contracts/registry.js';

/** Where a URL leads, as sockets want it: an IPv6 address without its brackets, and the port also where it is the usual one. */
export function endpointOfUrl({ hostname, port, protocol }: URL): RegistryEndpoint {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}
