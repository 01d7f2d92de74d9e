import type { RegistryEndpoint } from '../contracts/registry.js';

/** Host and port of a URL as sockets need them: an IPv6 address without brackets, and the default port filled in. */
export function endpointOfUrl({ hostname, port, protocol }: URL): RegistryEndpoint {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}
