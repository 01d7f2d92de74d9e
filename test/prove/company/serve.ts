import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import Fastify from 'fastify';
import { Server as SocketServer } from 'socket.io';
import { Registrar, register } from '../../../src/index.js';
import type { RegistrarOptions } from '../../../src/index.js';
import rollcall from '../../../src/integrations/fastify.js';
import { RollcallModule } from '../../../src/integrations/nestjs.js';
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
    const io = new SocketServer(server, { transports: ['websocket'] });
    io.on('connection', (socket) => socket.on('ask', (reply: (text: string) => void) => reply('ok')));
    registrar.onStop('after drain', 'socket.io', () => io.close());
    return { server, registrar };
  },
  async fastify(options) {
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
    class AppModule {}
    Module({ imports: [RollcallModule.forRoot(options)] })(AppModule);
    const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false });
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
