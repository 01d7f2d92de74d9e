import type { Server } from 'node:net';
import fastifyPlugin from 'fastify-plugin';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../core/clock.js';
import type { RegistrarOptions } from '../config/options.js';
import { asError } from '../core/errors.js';
import type { HealthEndpoint } from '../health/endpoint.js';
import { Registrar } from '../registrar.js';
import { withDeadline } from '../core/deadline.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Keeps this app in the registry exactly while it can serve; put there by `rollcall/fastify`. */
    registrar: Registrar;
  }
}

/** Of what Fastify gives all its closing hooks together (`pluginTimeout`); past it `close()` rejects. */
const SHARE_OF_PLUGIN_TIMEOUT = 0.8;

/**
 * Registers the app once it listens and `options.ready` agrees; `app.close()` first leaves the registry and serves on until the
 * traffic has gone. `app.registrar` is there afterwards. Nothing waits for the registry: neither `ready()` nor `listen()`.
 * The app's logger is the default for `options.logger`. Throws `ConfigError` (as the rejection of `register` and `ready`).
 */
const rollcall = fastifyPlugin(
  (app: FastifyInstance, options: RegistrarOptions, done: (error?: Error) => void) => {
    let problem: Error | undefined;
    try {
      attach(app, options);
    } catch (thrown) {
      // Fastify would let a plain throw of a plugin end the process.
      problem = asError(thrown);
    }
    done(problem);
  },
  { name: 'rollcall', fastify: '5.x' },
);

export default rollcall;

function attach(app: FastifyInstance, options: RegistrarOptions): void {
  const registrar = new Registrar({ ...options, logger: options.logger ?? app.log });
  app.decorate('registrar', registrar);
  const closing = wrapClose(rootOf(app), registrar);
  registrar.bind(app.server, { close: closing.close });
  app.addHook('preClose', async () => {
    if (closing.hasBegun()) return;
    // Somebody kept the app's original close from before we wrapped it: at least be out of the registry first.
    const leaveWithin = pluginTimeoutOf(app) * SHARE_OF_PLUGIN_TIMEOUT;
    await withDeadline(systemClock, leaveWithin, { operation: 'leave' }, undefined, () => registrar.leave()).catch(
      () => undefined,
    );
  });
  app.addHook('onListen', (done) => {
    for (const server of furtherServersOf(rootOf(app))) registrar.bindAlso(server);
    done();
  });
  if (registrar.endpoint !== undefined) mountForInject(app, registrar.endpoint);
  // Failing is told by the 'failed' event and the log; the app lives on.
  registrar.start().catch(() => undefined);
}

/**
 * `localhost` may be several addresses, and Fastify listens on each with a server of its own, kept under a symbol of its own. They
 * close, but nobody would wait for their requests.
 */
function furtherServersOf(root: FastifyInstance): readonly Server[] {
  const key = Object.getOwnPropertySymbols(root).find(({ description }) => description === 'fastify.serverBindings');
  return key === undefined ? [] : ((root as unknown as Record<symbol, readonly Server[]>)[key] ?? []);
}

/** Closing goes by way of the root, also for a plugin registered inside a context of its own. */
function rootOf(app: FastifyInstance): FastifyInstance {
  const parent = Object.getPrototypeOf(app) as FastifyInstance | object;
  return 'server' in parent ? rootOf(parent) : app;
}

/**
 * Makes `app.close()` stop the Registrar first: the hooks Fastify has for closing run after the app began to answer 503, and
 * under a timeout that is shorter than a drain.
 */
function wrapClose(
  root: FastifyInstance,
  registrar: Registrar,
): { close: () => Promise<void>; hasBegun: () => boolean } {
  const original = root.close.bind(root);
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= original());

  let stopped: Promise<undefined> | undefined;
  const stopAndClose = async (): Promise<undefined> => {
    await registrar.stop('the app was closed');
    // Joins what stop() did as its last step: this is where an error of one of the app's own hooks comes out.
    await close();
  };
  const wrapped = (listener?: (error?: unknown) => void): unknown => {
    stopped ??= stopAndClose();
    if (listener === undefined) return stopped;
    // The original knows what the listener expects to be called with.
    stopped.then(() => original(listener), listener);
    return undefined;
  };
  root.close = wrapped as FastifyInstance['close'];
  return { close, hasBegun: () => stopped !== undefined || closed !== undefined };
}

/**
 * Over a socket the server itself answers the health paths; `inject` goes past the server. The app may declare these very paths,
 * before or after us, and declaring one twice throws. So each is written as an empty parameter with the last word behind it:
 * another route to Fastify, the same path to a caller, and one that gives way to every plain route.
 */
function mountForInject(app: FastifyInstance, endpoint: HealthEndpoint): void {
  for (const path of endpoint.paths) {
    const literal = path.replaceAll(':', '::');
    const lastWord = literal.lastIndexOf('/') + 1;
    app.route({
      method: ['GET', 'HEAD'],
      url: `${literal.slice(0, lastWord)}:health()${literal.slice(lastWord)}`,
      handler: (request, reply) => {
        reply.hijack();
        endpoint.answer(request.raw, reply.raw);
      },
    });
  }
}

function pluginTimeoutOf(app: FastifyInstance): number {
  const timeout = app.initialConfig.pluginTimeout ?? 10_000;
  return timeout === 0 ? Infinity : timeout;
}
