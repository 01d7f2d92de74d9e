import fastifyPlugin from 'fastify-plugin';
import type { FastifyInstance } from 'fastify';
import { systemClock } from '../core/clock.js';
import type { RegistrarOptions } from '../config/options.js';
import { asError } from '../core/errors.js';
import type { HealthEndpoint } from '../health/endpoint.js';
import { Registrar } from '../registrar.js';
import { withDeadline } from '../core/deadline.js';
import { additionalServersOf } from './fastify-servers.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** The Registrar of this app, added by `rollcall/fastify`. */
    registrar: Registrar;
  }
}

/**
 * The share of `pluginTimeout` that deregistering may take: it limits all closing hooks together, and then `close()`
 * rejects.
 */
const SHARE_OF_PLUGIN_TIMEOUT = 0.8;

/**
 * Registers the app once it listens and `options.ready` returns true, and adds `app.registrar`. `app.close()` first
 * deregisters and drains. Neither `ready()` nor `listen()` waits for the registry. `options.logger` defaults to the
 * app's logger. `register` and `ready` reject with `ConfigError`.
 */
const rollcall = fastifyPlugin(
  (app: FastifyInstance, options: RegistrarOptions, done: (error?: Error) => void) => {
    let problem: Error | undefined;
    try {
      attach(app, options);
    } catch (thrown) {
      // A plugin that throws would end the process.
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
    // The host called the original `close` instead of our wrapper: deregister at least before the server closes.
    const leaveWithinMs = pluginTimeoutOf(app) * SHARE_OF_PLUGIN_TIMEOUT;
    await withDeadline(systemClock, leaveWithinMs, { operation: 'leave' }, undefined, () => registrar.leave()).catch(
      () => undefined,
    );
  });
  app.addHook('onListen', (done) => {
    for (const server of additionalServersOf(rootOf(app))) registrar.bindAlso(server);
    done();
  });
  const { endpoint } = registrar;
  if (endpoint !== undefined) {
    mountForInject(app, endpoint);
    app.addHook('onReady', (done) => {
      leaveOwnRoutes(app, endpoint);
      done();
    });
  }
  // Ignored: the `failed` event and the log report a failure, and the app keeps running.
  registrar.start().catch(() => undefined);
}

/** The root app, which also closes a plugin that is registered in an encapsulated context. */
function rootOf(app: FastifyInstance): FastifyInstance {
  const parent = Object.getPrototypeOf(app) as FastifyInstance | object;
  return 'server' in parent ? rootOf(parent) : app;
}

/**
 * Makes `app.close()` stop the Registrar first. Fastify's own closing hooks run only after the app began to answer 503,
 * and under a timeout that is shorter than a drain.
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
    // `stop()` has called this when it closed the server; joining it rejects with the errors of the app's own hooks.
    await close();
  };
  const wrapped = (listener?: (error?: unknown) => void): unknown => {
    stopped ??= stopAndClose();
    if (listener === undefined) return stopped;
    // The original calls the listener with the arguments that it expects.
    stopped.then(() => original(listener), listener);
    return undefined;
  };
  root.close = wrapped as FastifyInstance['close'];
  return { close, hasBegun: () => stopped !== undefined || closed !== undefined };
}

/**
 * Answers the health paths under `inject`, which bypasses the server that answers them otherwise. The app may declare
 * the same paths, before or after this, and Fastify throws for a duplicate route. Each path therefore has an empty
 * parameter before its last segment: a different route for Fastify, the same path for a client, with a lower precedence
 * than any static route.
 */
function mountForInject(app: FastifyInstance, endpoint: HealthEndpoint): void {
  for (const path of endpoint.paths) {
    const literal = path.replaceAll(':', '::');
    const lastSegment = literal.lastIndexOf('/') + 1;
    app.route({
      method: ['GET', 'HEAD'],
      url: `${literal.slice(0, lastSegment)}:health()${literal.slice(lastSegment)}`,
      handler: (request, reply) => {
        reply.hijack();
        endpoint.answer(request.raw, reply.raw);
      },
    });
  }
}

/** Lets the app answer where it has a route of its own: rollcall would shadow it at the server. */
function leaveOwnRoutes(app: FastifyInstance, endpoint: HealthEndpoint): void {
  for (const path of endpoint.paths) if (app.hasRoute({ method: 'GET', url: path })) endpoint.leaveToHost(path);
}

function pluginTimeoutOf(app: FastifyInstance): number {
  const timeout = app.initialConfig.pluginTimeout ?? 10_000;
  return timeout === 0 ? Infinity : timeout;
}
