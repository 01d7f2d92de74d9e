import { asError } from '../core/errors.js';
import type { RegistryEndpoint } from '../contracts/registry.js';
import { abortable } from '../core/abort.js';
import { isIpLiteral, isIpv6 } from '../net/ip-address.js';

/**
 * The source address of packets from this machine to `endpoint`, by which the endpoint reaches us. Determines the route
 * by connecting a UDP socket, which sends nothing; only a host name needs a lookup. Rejects when there is no route or
 * no such host, and with the signal's reason.
 */
export async function routeSource({ host, port }: RegistryEndpoint, signal: AbortSignal): Promise<string> {
  const targets = isIpLiteral(host) ? [host] : await lookUp(host, signal);
  let failure: Error | undefined;
  for (const target of targets) {
    try {
      return await sourceTowards(target, port, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      failure ??= asError(thrown);
    }
  }
  throw failure ?? new Error(`${host} has no address`);
}

async function lookUp(host: string, signal: AbortSignal): Promise<string[]> {
  const { lookup } = await import('node:dns/promises');
  const found = await abortable(lookup(host, { all: true }), signal);
  return found.map(({ address }) => address);
}

async function sourceTowards(address: string, port: number, signal: AbortSignal): Promise<string> {
  const { createSocket } = await import('node:dgram');
  signal.throwIfAborted();
  const socket = createSocket(isIpv6(address) ? 'udp6' : 'udp4').unref();
  try {
    await abortable(
      new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.once('connect', resolve);
        socket.connect(port, address);
      }),
      signal,
    );
    return socket.address().address;
  } finally {
    socket.close();
  }
}
