// NestJS: binds the HTTP server before `listen`. A stop closes the app after the drain, so its own hooks run last.
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

// What the decorators `@Get()`, `@Controller()` and `@Module({ … })` do, for a compiler without decorators.
Get()(AppController.prototype, 'hello', Object.getOwnPropertyDescriptor(AppController.prototype, 'hello')!);
Controller()(AppController);
Module({ controllers: [AppController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });

// Without `app.enableShutdownHooks()`, because the Registrar handles the signal and closes the app after the drain.
const registrar = new Registrar({ name: process.env.SERVICE_NAME ?? 'billing', health: { path: '/health' } });
registrar.bind(app.getHttpServer() as Server, { close: () => app.close() });
registrar.on('registered', ({ instance, holder }) => {
  console.log(`http://127.0.0.1:${instance.port ?? 0} is ${registrar.state} in ${holder} as ${instance.id}`);
});
void registrar.start();

await app.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');
