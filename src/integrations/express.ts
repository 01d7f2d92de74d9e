import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { RegistrarOptions } from '../config/options.js';
import { Registrar } from '../registrar.js';
import { RegistrarFacade } from './registrar-facade.js';

/** Middleware for `app.use` of Express 4 and 5. */
export type HealthMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** A Registrar for an Express app: everything that a `Registrar` has but `start`, which `bind` calls. */
export class ExpressRegistrar extends RegistrarFacade {
  /** Answers the health paths where there is no bound server, e.g. under supertest. Mount it before the routes. */
  readonly middleware: HealthMiddleware = (request, response, next) => {
    const { endpoint } = this.registrar;
    if (endpoint?.handles(request.url ?? '', request.method)) endpoint.answer(request, response);
    else next();
  };

  /** Binds a server, listening or not, starts the Registrar in the background and returns the server. */
  readonly bind = <S extends Server>(server: S): S => {
    this.registrar.bind(server);
    // Ignored: the `failed` event and the log report a failure, and the app keeps running.
    this.registrar.start().catch(() => undefined);
    return server;
  };

  /** Adds another listener of the same app, e.g. https beside http. Call it after `bind`. */
  readonly bindAlso = <S extends Server>(server: S): S => {
    this.registrar.bindAlso(server);
    return server;
  };
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
  return new ExpressRegistrar(new Registrar(options));
}
