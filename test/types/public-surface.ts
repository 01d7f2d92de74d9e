// Compiled, never run: what a user's editor and compiler must accept, and what they must refuse.
import { createServer } from 'node:http';
import { consul, etcd, hasCode, register, Registrar } from 'rollcall';
import type { Registry, RegistrarState } from 'rollcall';
import { registerCluster } from 'rollcall/cluster';
import { createResolver } from 'rollcall/discovery';
import type { ResolvedService, ServiceSnapshot } from 'rollcall/discovery';
import { expressRegistrar } from 'rollcall/express';
import rollcall from 'rollcall/fastify';
import { RollcallModule, terminusComponent } from 'rollcall/nestjs';
import { discover, pools } from 'rollcall/undici';
import Fastify from 'fastify';
import { Agent as Agent7 } from 'undici7';
import { Agent as Agent8, request as request8 } from 'undici8';

const server = createServer();

export async function accepted(own: Registry): Promise<void> {
  const registrar: Registrar = await register(server, {
    name: 'orders',
    ttl: '10s',
    registry: consul(),
    checks: { http: true },
  });
  const off: () => void = registrar.on('recovered', ({ afterMs, cause }) => console.log(afterMs.toFixed(), cause));
  off();
  const state: RegistrarState = registrar.state;
  console.log(state, registrar.instance?.port, registrar.health.reason, registrar.status());
  await new Registrar({ name: 'worker', registry: own, shutdown: { signals: false } }).start();
  await registrar.stop();
  const members = ['http://10.0.0.1:2379', 'http://10.0.0.2:2379'];
  const clustered: Registry = etcd({
    endpoints: members,
    username: 'orders',
    password: 'pw',
    tls: {},
    layout: ({ id, port }) => (port === undefined ? undefined : { key: id, value: String(port) }),
  });
  console.log(clustered.name);
  const kept: Registry = {
    name: 'mine',
    traits: { isLocal: false, suppliesAddress: false },
    read: (key, signal) => own.read(key, signal),
    register: (instance, report, signal) => own.register(instance, report, signal),
    remove: (key, signal) => own.remove(key, signal),
    close: () => own.close(),
  };
  console.log(kept.traits.probes ?? kept.traits.hostLocal);

  const resolver = createResolver({ registry: kept, snapshot: { dir: '/var/lib/orders' }, logger: false });
  const service: ResolvedService = resolver.service('orders', { tags: ['v2'], warning: 'exclude', maxAge: '5m' });
  const answer: ServiceSnapshot = await service.ready({ timeout: '5s' });
  console.log(answer.instances[0]?.origin?.length, answer.source === 'live', answer.ageMs.toFixed());
  service.events.on('doubted', ({ vanished }) => console.log(vanished.length));
  for await (const each of service.watch()) console.log(each.presence);

  const seven = new Agent7({ factory: pools(resolver) }).compose(discover(resolver));
  const eight = new Agent8({ factory: pools(resolver) }).compose(discover(resolver, { services: { orders: {} } }));
  console.log(seven, (await request8('http://orders.service', { dispatcher: eight })).statusCode);

  const app = Fastify();
  await app.register(rollcall, { name: 'orders' });
  console.log(app.registrar.state);
  const cluster = await registerCluster({ name: 'orders' });
  console.log(cluster.status().workers[0]?.reason, cluster.registrar?.state);
  const rc = expressRegistrar({ name: 'orders' });
  console.log(rc.bind(server).listening, rc.state, rc.status().name);
  const inventory = terminusComponent(() => Promise.resolve({ inventory: { status: 'up' as const, ms: 3 } }));
  RollcallModule.forRoot({ name: 'orders', health: { components: { inventory } } });
  RollcallModule.forRootAsync({ inject: ['NAME'], useFactory: (name: string) => ({ name }) });
}

export async function refused(thrown: unknown, own: Registry): Promise<void> {
  // @ts-expect-error: a registry states its traits
  const untold: Registry = {
    name: 'mine',
    read: own.read,
    register: own.register,
    remove: own.remove,
    close: own.close,
  };
  console.log(untold);
  // @ts-expect-error: what only compositions have is rollcall's own
  console.log(own.members);
  // @ts-expect-error: an option that does not exist
  await register(server, { name: 'orders', interval: '10s' });
  // @ts-expect-error: a duration is a number or a string
  await register(server, { name: 'orders', ttl: true });
  // @ts-expect-error: a layout gives texts
  etcd({ layout: ({ port }) => ({ key: 'orders', value: port }) });
  // @ts-expect-error: a factory or a class makes the options
  RollcallModule.forRootAsync({ name: 'orders' });
  const registrar = new Registrar({ name: 'orders' });
  // @ts-expect-error: an event that does not exist
  registrar.on('registred', () => undefined);
  // @ts-expect-error: a payload belongs to its event
  registrar.on('beat', ({ afterMs: _ }) => undefined);
  // @ts-expect-error: a code that no error has
  if (hasCode(thrown, 'ROLLCALL_OOPS')) throw thrown;
  // @ts-expect-error: read-only
  registrar.state = 'stopped';
}
