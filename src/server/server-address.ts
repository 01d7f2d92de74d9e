import type { Server } from 'node:net';
import { untilNotified } from '../core/abort.js';
import { ConfigError } from '../core/errors.js';
import type { Protocol } from './protocol.js';

/** The address of a server as the server itself reports it. */
export interface ServerAddress {
  /** The address it is bound to; a wildcard (`::`, `0.0.0.0`) stays one. */
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/**
 * The address of a listening server. Throws `ConfigError` for a Unix socket or a pipe, which no registry can
 * reference.
 */
export function addressOf(server: Server, protocol: Protocol): ServerAddress {
  const address = server.address();
  if (address === null || typeof address === 'string') {
    const allowed =
      'a server that listens on a port: a Unix socket or a pipe has no address that a registry could hand out';
    throw new ConfigError([{ field: 'server', value: address, allowed }]);
  }
  return { address: address.address, port: address.port, protocol };
}

/** Resolves once the server listens, at once when it already does; rejects with the signal's reason. */
export async function untilListening(server: Server, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (server.listening) return;
  await untilNotified((notify) => {
    // Never an 'error' listener: it would keep the host's own EADDRINUSE from crashing the host.
    server.on('listening', notify);
    return () => {
      server.removeListener('listening', notify);
    };
  }, signal);
}
