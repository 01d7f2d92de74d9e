import type { Server } from 'node:net';
import type { RegistrarOptions } from './config/options.js';
import { Registrar } from './registrar.js';

/**
 * The one line in a service's start-up code: from now on `server` is in the registry exactly while it can serve.
 * Takes a node:http, https, http2 or plain net server that listens, or will listen later.
 *
 * Resolves to the Registrar when registered, or `wait` after 'listening' at the latest; registration goes on in the
 * background. Resolves at once when the server is not about to listen. Rejects with `ConfigError`,
 * `AddressNotFoundError` or, under `onIdConflict: 'fail'`, `IdConflictError`; and, where `required`, when not
 * registered within `wait`, with the cause.
 *
 * @example
 * const registrar = await register(server, { name: 'orders' });
 */
export async function register(server: Server, options: RegistrarOptions): Promise<Registrar> {
  const registrar = new Registrar(options).bind(server);
  await registrar.settled();
  return registrar;
}
