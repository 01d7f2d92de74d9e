import { Injectable } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { ConfigError, Registrar } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import { RollcallModule, terminusComponent } from 'rollcall/nestjs';
import type { RollcallOptionsFactory } from 'rollcall/nestjs';
import { afterEach, describe, expect, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import { brisk, httpCaller, roster } from './fixtures/in-memory.js';
import { cleanUp, freshName, later } from './fixtures/live.js';
import { adapters, moduleOf, nestApp, portOf, routeOf } from './fixtures/nest-apps.js';

afterEach(cleanUp);

/** Options on a registry that can be looked at, and what it lists. */
function inMemory(more: RegistrarOptions = {}) {
  const { registry, passing } = roster();
  const name = freshName('nest');
  return { options: { ...brisk, name, registry, ...more }, passing: () => passing(name) };
}

describe.each(adapters)('the Nest module on %s', (_name, adapter) => {
  it('registers the port the app listens on, can be injected anywhere, and leaves before any shutdown hook runs', async () => {
    const { options, passing } = inMemory({ health: { path: '/health' } });
    const listed: Record<string, string[]> = {};
    const look = (when: string) => async () => {
      listed[when] = await passing();
    };
    let injected: unknown;
    const child = moduleOf(
      { providers: [{ provide: 'user', useFactory: (found: unknown) => (injected = found), inject: [Registrar] }] },
      { onModuleDestroy: look('child onModuleDestroy') },
    );
    const other = moduleOf({}, { onModuleDestroy: look('global onModuleDestroy') });
    const app = await nestApp(
      moduleOf(
        {
          imports: [{ module: other, global: true }, RollcallModule.forRoot(options), child],
          controllers: [routeOf('hello', () => 'hello')],
        },
        { onModuleDestroy: look('onModuleDestroy'), onApplicationShutdown: look('onApplicationShutdown') },
      ),
      adapter(),
    );
    const registrar = app.get(Registrar);
    expect(injected).toBe(registrar);
    const events = recordEvents(registrar);
    await app.listen(0, '127.0.0.1');
    await events.next('registered');
    const port = portOf(app);
    expect(registrar.instance?.port).toBe(port);
    expect(await passing()).toEqual([registrar.instance?.id]);
    const ask = httpCaller(port);
    expect(await ask('/hello')).toMatchObject({ status: 200, body: 'hello' });
    expect((await ask('/health/ready')).status).toBe(200);

    await app.close();
    expect(listed).toEqual({
      onModuleDestroy: [],
      'child onModuleDestroy': [],
      'global onModuleDestroy': [],
      onApplicationShutdown: [],
    });
    expect(registrar.state).toBe('stopped');
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
    expect(app.getHttpServer().listening).toBe(false);
  });

  it('answers a request in flight before it lets Nest close the app', async () => {
    const { options } = inMemory();
    let answer = (_text: string) => {};
    const order: string[] = [];
    const slow = routeOf('slow', () =>
      new Promise((resolve) => (answer = resolve)).finally(() => order.push('answer')),
    );
    const app = await nestApp(
      moduleOf(
        { imports: [RollcallModule.forRoot(options)], controllers: [slow] },
        { onModuleDestroy: () => order.push('destroyed') },
      ),
      adapter(),
    );
    const registrar = app.get(Registrar);
    await app.listen(0, '127.0.0.1');
    await waitFor(() => registrar.state === 'registered');
    const asked = httpCaller(portOf(app))('/slow');
    await waitFor(() => registrar.status().requestsInFlight === 1);
    const closed = app.close();
    await waitFor(() => registrar.state === 'draining');
    answer('late');
    expect(await asked).toMatchObject({ status: 200, body: 'late' });
    await closed;
    expect(order).toEqual(['answer', 'destroyed']);
  });

  it('closes the server by itself when the Registrar is stopped and Nest is not closing', async () => {
    const { options, passing } = inMemory();
    const app = await nestApp(moduleOf({ imports: [RollcallModule.forRoot(options)] }), adapter());
    const registrar = app.get(Registrar);
    await app.listen(0, '127.0.0.1');
    await waitFor(() => registrar.state === 'registered');
    await registrar.stop();
    expect(await passing()).toEqual([]);
    expect(app.getHttpServer().listening).toBe(false);
    await app.close();
  });

  it('closes an app that never listened', async () => {
    const { options } = inMemory();
    const app = await nestApp(moduleOf({ imports: [RollcallModule.forRoot(options)] }), adapter());
    await app.init();
    await app.close();
    expect(app.get(Registrar).state).toBe('stopped');
  });
});

describe('the Nest module', () => {
  const contextOf = (root: Type) => NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });

  it('registers an application context, which has no server, after all other modules have begun', async () => {
    const { options, passing } = inMemory({ id: 'worker-1' });
    const begun: string[] = [];
    const app = await contextOf(
      moduleOf(
        { imports: [RollcallModule.forRoot({ ...options, ready: () => begun.length > 0 })] },
        { onApplicationBootstrap: () => begun.push('root') },
      ),
    );
    later(() => app.close());
    await app.get(Registrar).start();
    expect(await passing()).toEqual(['worker-1']);
    await app.close();
    expect(await passing()).toEqual([]);
  });

  it('takes options from a factory, a class, or a provider that exists', async () => {
    const { options } = inMemory();
    class Settings implements RollcallOptionsFactory {
      createRollcallOptions() {
        return Promise.resolve({ ...options, name: 'by-class' });
      }
    }
    Injectable()(Settings);
    const settings = moduleOf({ providers: [Settings], exports: [Settings] });
    const useFactory = ({ createRollcallOptions }: Settings) => createRollcallOptions();
    const modules = [
      RollcallModule.forRootAsync({ imports: [settings], inject: [Settings], useFactory }),
      RollcallModule.forRootAsync({ useFactory: () => ({ ...options, name: 'by-class' }) }),
      RollcallModule.forRootAsync({ useClass: Settings }),
      RollcallModule.forRootAsync({ imports: [settings], useExisting: Settings }),
    ];
    for (const each of modules) {
      const app = await contextOf(moduleOf({ imports: [each] }));
      expect(app.get(Registrar).status().name).toBe('by-class');
      await app.close();
    }
  });

  it('refuses bad options when the app is created, and the wrong call at once', async () => {
    const bad = RollcallModule.forRoot({ ...brisk, name: '' });
    await expect(contextOf(moduleOf({ imports: [bad] }))).rejects.toThrow(ConfigError);
    expect(() => RollcallModule.forRootAsync({} as never)).toThrow('useFactory');
  });

  it('runs the indicators of terminus as components', async () => {
    const { options } = inMemory();
    let isUp = true;
    const app = await contextOf(
      moduleOf({
        imports: [
          RollcallModule.forRootAsync({
            imports: [TerminusModule],
            inject: [HealthIndicatorService],
            useFactory: (indicators: HealthIndicatorService) => {
              const check = () => (isUp ? indicators.check('db').up() : indicators.check('db').down('no connection'));
              const db = { ...terminusComponent(check), interval: '100ms', onFail: 'critical' } as const;
              return { ...options, health: { components: { db } } };
            },
          }),
        ],
      }),
    );
    later(() => app.close());
    const registrar = app.get(Registrar);
    const events = recordEvents(registrar);
    await waitFor(() => registrar.health.components[0]?.reason === 'ok');
    events.clear();
    isUp = false;
    expect(await events.next('component')).toMatchObject({
      name: 'db',
      status: 'critical',
      detail: 'db is down: no connection',
    });
  });
});
