// NestJS: its HTTP server is bound before `listen`, and a stop closes the whole app, so that its own hooks run after the drain.
import type { Server } from 'node:http';
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registrar } from 'rollcall';

class AppController {
  hello(): string {
    return 'hello\n';
  }
}

class AppModule {
  onApplicationShutdown(): void {
    console.log('the app has shut down');
  }
}

// What `@Get() hello()`, `@Controller() class …` and `@Module({ … }) class …` do, without a compiler that knows decorators.
Get()(AppController.prototype, 'hello', Object.getOwnPropertyDescriptor(AppController.prototype, 'hello')!);
Controller()(AppController);
Module({ controllers: [AppController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });

// Not `app.enableShutdownHooks()`: the signal is the Registrar's, which closes the app when the traffic has gone.
const registrar = new Registrar({ name: process.env.SERVICE_NAME ?? 'billing', health: { path: '/health' } });
registrar.bind(app.getHttpServer() as Server, { close: () => app.close() });
registrar.on('registered', ({ instance, holder }) => {
  console.log(`http://127.0.0.1:${instance.port ?? 0} is ${registrar.state} in ${holder} as ${instance.id}`);
});
void registrar.start();

await app.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
