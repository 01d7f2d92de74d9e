import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { RegistrarOptions } from '../config/options.js';
import { Registrar } from '../registrar.js';

/** Middleware for `app.use` of Express 4 and 5. */
export type HealthMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

export interface ExpressRegistrar {
  readonly registrar: Registrar;
  /** Answers the health paths where there is no bound server, e.g. under supertest. Mount it before the routes. */
  readonly middleware: HealthMiddleware;
  /** Binds a server, listening or not, starts the Registrar in the background and returns the server. */
  bind<S extends Server>(server: S): S;
}

/**
 * Registers an Express app. Throws `ConfigError`.
 *
 * @example
 * const rc = expressRegistrar(options);
 * app.use(rc.middleware);
 * rc.bind(app.listen(0));
 */
export function expressRegistrar(options: RegistrarOptions): ExpressRegistrar {
  const registrar = new Registrar(options);
  return {
    registrar,
    middleware(request, response, next) {
      const { url = '', method } = request;
      if (registrar.endpoint?.handles(url, method)) registrar.endpoint.answer(request, response);
      else next();
    },
    bind(server) {
      registrar.bind(server);
      // Ignored: the `failed` event and the log report a failure, and the app keeps running.
      registrar.start().catch(() => undefined);
      return server;
    },
  };
}
