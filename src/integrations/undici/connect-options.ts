import type { PeerCertificate } from 'node:tls';
import { unbracketed } from '../../net/ip-address.js';
import { serviceOfHost } from './service-url.js';

type Check = (name: string, certificate: PeerCertificate) => Error | undefined;

/**
 * The `connect` option for an instance that serves https: its certificate has to be that of its address. undici would
 * ask for the name in the Host header, which is the logical one. A `connect` function decides by itself.
 */
export function connectOptions({ connect }: { readonly connect?: unknown }, hostname: string): unknown {
  if (typeof connect === 'function') return connect;
  const given = (connect ?? {}) as { readonly checkServerIdentity?: Check };
  // Loaded by the first instance that needs it.
  const { checkServerIdentity: check = process.getBuiltinModule('node:tls').checkServerIdentity } = given;
  const address = unbracketed(hostname);
  const checkAddress: Check = (name, certificate) =>
    check(serviceOfHost(name) === undefined ? name : address, certificate);
  return { ...given, checkServerIdentity: checkAddress };
}
