import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { RegistrarOptions } from '../../../src/index.js';
import type { Registrar } from '../../../src/registrar.js';
import { STREAM } from './service-plan.js';
import type { Framework } from './options.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers `/1`, `/300`, `/5000` after so many ms, and `/stream` bit by bit. */
export const answer: Handler = (request, response) => {
  const path = request.url ?? '';
  if (path === '/stream') {
    let left: number = STREAM.chunks;
    const timer = setInterval(() => {
      left -= 1;
      response.write(Buffer.alloc(STREAM.chunkBytes, '.'));
      if (left > 0) return;
      clearInterval(timer);
      response.end();
    }, STREAM.everyMs);
    response.once('close', () => clearInterval(timer));
    return;
  }
  setTimeout(() => response.end('ok'), Number(path.slice(1)));
};

/** Longer than a balancer keeps an idle connection: a server that closes one first may close it on a request that is just being sent. */
const KEEP_ALIVE_MS = 75_000;

/** A service on one of the frameworks, listening, with a Registrar when options are given; with rollcall's own way of starting on each. */
export async function serve(
  framework: Framework,
  handler: Handler,
  options: RegistrarOptions | undefined,
): Promise<{ server: Server; registrar: Registrar | undefined }> {
  if (framework === 'fastify') {
    const { default: Fastify } = await import('fastify');
    const app = Fastify({ keepAliveTimeout: KEEP_ALIVE_MS });
    app.all('/*', (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    if (options !== undefined)
      await app.register((await import('../../../src/integrations/fastify.js')).default, options);
    await app.listen({ host: '127.0.0.1', port: 0 });
    return { server: app.server, registrar: options && app.registrar };
  }
  if (framework === 'express') {
    const { default: express } = await import('express');
    const { expressRegistrar } = await import('../../../src/integrations/express.js');
    const server = express().use(handler).listen(0, '127.0.0.1');
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    const rc = options && expressRegistrar(options);
    rc?.bind(server);
    await once(server, 'listening');
    return { server, registrar: rc?.registrar };
  }
  const server =
    framework === 'http' ? createServer(handler) : (await import('node:http2')).createServer(handler as never);
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  if (options === undefined) return { server, registrar: undefined };
  const { Registrar: OfRollcall } = await import('../../../src/index.js');
  const registrar = new OfRollcall(options).bind(server);
  void registrar.start();
  return { server, registrar };
}
