import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { Server as SocketServer } from 'socket.io';
import { Registrar, register } from '../../../src/index.js';
import type { RegistrarOptions } from '../../../src/index.js';
import type { ServicePlan, Serving } from './set-ups.js';

/** An answer of `/slow` takes so long. */
const SLOW_MS = 300;
const EVENT_EVERY_MS = 100;

export const answer: RequestListener = (request, response) => {
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: tick\n\n'), EVENT_EVERY_MS);
    response.once('close', () => clearInterval(timer));
  } else setTimeout(() => response.end('ok'), request.url === '/slow' ? SLOW_MS : 1);
};

interface Service {
  readonly server: Server;
  readonly registrar: Registrar;
}

/** A service that listens and is listed. Its one line for the registry is that of its framework. */
export function serve({ serving, company }: ServicePlan, options: RegistrarOptions): Promise<Service> {
  return services[serving](options, company === 'nest-hooks');
}

const services: Readonly<Record<Serving, (options: RegistrarOptions, hooks: boolean) => Promise<Service>>> = {
  http: serveHttp,
  sse: serveHttp,
  async 'socket.io'(options) {
    const { server, registrar } = await serveHttp(options);
    const io = await answerSockets(server);
    registrar.onStop('after drain', 'socket.io', () => io.close());
    return { server, registrar };
  },
  async fastify(options) {
    const { default: Fastify } = await import('fastify');
    const { default: rollcall } = await import('../../../src/integrations/fastify.js');
    const app = Fastify();
    app.get('/*', (request, reply) => {
      reply.hijack();
      answer(request.raw, reply.raw);
    });
    await app.register(rollcall, options);
    await app.listen({ host: '127.0.0.1', port: 0 });
    await app.registrar.settled();
    return { server: app.server, registrar: app.registrar };
  },
  async nest(options, hooks) {
    await import('reflect-metadata');
    const { Module } = await import('@nestjs/common');
    const { NestFactory } = await import('@nestjs/core');
    const { RollcallModule } = await import('../../../src/integrations/nestjs.js');
    // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- Nest names a module by its class
    class AppModule {}
    Module({ imports: [RollcallModule.forRoot(options)] })(AppModule);
    const app = await NestFactory.create(AppModule, { logger: false });
    app.use(answer);
    if (hooks) app.enableShutdownHooks();
    await app.listen(0, '127.0.0.1');
    const registrar = app.get(Registrar);
    await registrar.settled();
    return { server: app.getHttpServer(), registrar };
  },
};

async function serveHttp(options: RegistrarOptions): Promise<Service> {
  const server = await listeningServer();
  return { server, registrar: await register(server, options) };
}

export async function listeningServer(): Promise<Server> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function answerSockets(server: Server): Promise<SocketServer> {
  const { Server: Sockets } = await import('socket.io');
  const io = new Sockets(server, { transports: ['websocket'] });
  io.on('connection', (socket) => socket.on('ask', (reply: (text: string) => void) => reply('ok')));
  return io;
}
