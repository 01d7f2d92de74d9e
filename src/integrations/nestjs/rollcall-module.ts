import { Module } from '@nestjs/common';
import type { DynamicModule, FactoryProvider, InjectionToken, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { ConfigError } from '../../core/errors.js';
import type { RegistrarOptions } from '../../config/options.js';
import { Registrar } from '../../registrar.js';
import { AppLifecycle } from './app-lifecycle.js';
import { placeAtBothEnds } from './hook-order.js';
import { nestLogger } from './nest-logger.js';

/** For `useClass` and `useExisting`. */
export interface RollcallOptionsFactory {
  createRollcallOptions(): RegistrarOptions | Promise<RegistrarOptions>;
}

/** Options that need other providers; the same choices as in `forRootAsync` of Nest's own modules. */
export type RollcallAsyncOptions = Pick<ModuleMetadata, 'imports'> &
  (
    | Pick<FactoryProvider<RegistrarOptions>, 'useFactory' | 'inject'>
    | { readonly useClass: Type<RollcallOptionsFactory> }
    | { readonly useExisting: InjectionToken<RollcallOptionsFactory> }
  );

const OPTIONS = Symbol('rollcall options');

/**
 * Registers a Nest app once it listens and `options.ready` returns true; an application context registers once it is
 * initialized. Import it into the root module: every module can then inject the `Registrar`. `app.close()`, and a
 * signal after `app.enableShutdownHooks()`, deregister and drain before the first shutdown hook of any module runs.
 * Without shutdown hooks, the Registrar handles the signal and closes the server. `options.logger` defaults to Nest's.
 * Creating the app rejects with `ConfigError`.
 */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- Nest names a module by its class
export class RollcallModule {
  static forRoot(options: RegistrarOptions): DynamicModule {
    return moduleWith([{ provide: OPTIONS, useValue: options }]);
  }

  static forRootAsync(options: RollcallAsyncOptions): DynamicModule {
    return moduleWith(asyncProviders(options), options.imports);
  }
}
Module({})(RollcallModule);

/** Nest calls these when it closes the app. */
class ShutdownHooks {
  constructor(protected readonly lifecycle: AppLifecycle) {}

  onModuleDestroy(): Promise<void> {
    return this.lifecycle.drain();
  }

  onApplicationShutdown(): Promise<void> {
    return this.lifecycle.finish();
  }
}

/** These too, at the other end of Nest's order, and last when the app starts. */
class AllHooks extends ShutdownHooks {
  onApplicationBootstrap(): void {
    this.lifecycle.start();
  }
}

/** Stands at the other end of Nest's order than the global `RollcallModule`. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- Nest names a module by its class
class ClosestModule {}
Module({ providers: [hooksOf(AllHooks)] })(ClosestModule);

function hooksOf(hooks: typeof ShutdownHooks): Provider {
  return { provide: hooks, useFactory: (lifecycle: AppLifecycle) => new hooks(lifecycle), inject: [AppLifecycle] };
}

function moduleWith(options: Provider[], imports: ModuleMetadata['imports'] = []): DynamicModule {
  return {
    module: RollcallModule,
    // eslint-disable-next-line no-restricted-syntax -- a property of Nest's
    global: true,
    imports: [...imports, ClosestModule],
    providers: [
      ...options,
      {
        provide: Registrar,
        useFactory: (given: RegistrarOptions) => new Registrar({ ...given, logger: given.logger ?? nestLogger() }),
        inject: [OPTIONS],
      },
      {
        provide: AppLifecycle,
        useFactory: (registrar: Registrar, host: HttpAdapterHost, modules: ModulesContainer) => {
          placeAtBothEnds(modules, { closest: ClosestModule, mostDistant: RollcallModule });
          return new AppLifecycle(registrar, host);
        },
        inject: [Registrar, HttpAdapterHost, ModulesContainer],
      },
      hooksOf(ShutdownHooks),
    ],
    exports: [Registrar, AppLifecycle],
  };
}

function asyncProviders(options: RollcallAsyncOptions): Provider[] {
  if ('useFactory' in options)
    return [{ provide: OPTIONS, useFactory: options.useFactory, inject: options.inject ?? [] }];
  if ('useExisting' in options) return [optionsOf(options.useExisting)];
  if ('useClass' in options) return [options.useClass, optionsOf(options.useClass)];
  const allowed = 'one of useFactory, useClass and useExisting';
  throw new ConfigError([{ field: 'forRootAsync', value: options, allowed }]);
}

function optionsOf(token: InjectionToken<RollcallOptionsFactory>): Provider {
  return {
    provide: OPTIONS,
    useFactory: (factory: RollcallOptionsFactory) => factory.createRollcallOptions(),
    inject: [token],
  };
}
