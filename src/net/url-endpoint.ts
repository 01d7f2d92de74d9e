import type { RegistryEndpoint } from '../contracts/registry.js';
import { unbracketed } from './ip-address.js';

/** Host and port of a URL as sockets need them: an IPv6 address without brackets, and the default port filled in. */
export function endpointOfUrl({ hostname, port, protocol }: URL): RegistryEndpoint {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: unbracketed(hostname), port: port === '' ? usual : Number(port) };
}
