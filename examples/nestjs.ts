// NestJS: the module binds the server. At SIGTERM the app leaves the registry and drains before any shutdown hook runs.
import 'reflect-metadata';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { Registrar } from 'rollcall';
import { RollcallModule, terminusComponent } from 'rollcall/nestjs';

class AppController {
  constructor(private readonly registrar: Registrar) {}

  hello(): string {
    return `hello from ${this.registrar.instance?.id ?? 'no id yet'}\n`;
  }
}

class AppModule {
  onApplicationShutdown(): void {
    console.log('the app has shut down');
  }
}

const rollcall = RollcallModule.forRootAsync({
  imports: [TerminusModule],
  inject: [HealthIndicatorService],
  useFactory: (indicators: HealthIndicatorService) => ({
    name: process.env.SERVICE_NAME ?? 'billing',
    health: { path: '/health', components: { ledger: terminusComponent(() => indicators.check('ledger').up()) } },
  }),
});

// What the decorators `@Get()`, `@Controller()` and `@Module({ … })` do, for a compiler without decorators.
Get()(AppController.prototype, 'hello', Object.getOwnPropertyDescriptor(AppController.prototype, 'hello')!);
Inject(Registrar)(AppController, undefined, 0);
Controller()(AppController);
Module({ imports: [rollcall], controllers: [AppController] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');

const registrar = app.get(Registrar);
await registrar.settled();
const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
