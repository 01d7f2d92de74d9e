import type { Server } from 'node:net';
import type { RegistrarOptions } from './config/options.js';
import { Registrar } from './registrar.js';

/**
 * The one line in a service's start-up code: from now on `server` is in the registry exactly while it can serve. Takes a
 * node:http, https, http2 or plain net server, listening or not yet. Resolves to the Registrar when registered, or after
 * `wait` at the latest, counted from 'listening' (it goes on in the background); in a moment when the server does not listen yet. Rejects with
 * `ConfigError`, `AddressNotFoundError` or, under `onIdConflict: 'fail'`, `IdConflictError` and, where `required`, when not registered within `wait`.
 *
 * @example
 * const registrar = await register(server, { name: 'orders' });
 */
export async function register(server: Server, options: RegistrarOptions): Promise<Registrar> {
  const registrar = new Registrar(options).bind(server);
  await registrar.settled();
  return registrar;
}
