import { Redis } from 'ioredis';
import { startEtcd } from '../../support/servers/etcd-server.js';
import { rawEtcd } from '../../support/servers/raw-etcd.js';
import { startRedis } from '../../support/servers/redis-server.js';
import type { RegistryPlan } from '../experiment/registry-plan.js';
import type { LeaseRegistry } from './options.js';

/** An instance that readers are sent to. */
export interface Listed {
  readonly id: string;
  readonly port: number;
}

/** A registry of leases, with none of our own code between. */
export interface RawStore {
  readonly plan: RegistryPlan;
  /** The instances of a service that pass; undefined: no answer. */
  look(service: string): Promise<readonly Listed[] | undefined>;
  /** Removes the entry of an instance, as an operator does; resolves once it is out. */
  remove(service: string, id: string): Promise<void>;
  /** The control writes itself once, without a lease, and never again. */
  writeForEver(service: string): Promise<void>;
  /** It is killed and comes back with nothing of what it had; resolves once it answers. */
  restartEmpty(): Promise<void>;
  stop(): Promise<void>;
}

export function startRawStore(kind: LeaseRegistry): Promise<RawStore> {
  return kind === 'etcd' ? startRawEtcd() : startRawRedis();
}

async function startRawEtcd(): Promise<RawStore> {
  const server = await startEtcd();
  const raw = rawEtcd(server.url);
  return {
    plan: { kind: 'etcd', url: server.url },
    look: async (service) => {
      const found = await raw.under(`${service}/`).catch(() => undefined);
      return found?.map(({ key, value }) => ({ id: key.slice(service.length + 1), port: portIn(value) }));
    },
    remove: (service, id) => raw.forget(service, id),
    writeForEver: (service) => raw.put(`${service}/for-ever`, JSON.stringify({ Op: 0, Addr: '127.0.0.1:1' })),
    restartEmpty: () => server.restartEmpty(),
    stop: () => server.stop(),
  };
}

function portIn(value: string): number {
  return Number((JSON.parse(value) as { Addr: string }).Addr.split(':').at(-1));
}

async function startRawRedis(): Promise<RawStore> {
  const server = await startRedis();
  const client = new Redis({ port: server.port, retryStrategy: () => 20, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  const index = (service: string) => `rollcall:{${service}}`;
  const look = async (service: string) => {
    const entries = await Promise.all(
      (await client.smembers(index(service))).map(async (id) => client.get(`${index(service)}:${id}`)),
    );
    return entries.flatMap((text) => {
      const { status, instance } = (text === null ? {} : JSON.parse(text)) as { status?: string; instance?: Listed };
      return status === 'passing' && instance !== undefined ? [instance] : [];
    });
  };
  return {
    plan: { kind: 'redis', options: { url: server.url } },
    look: (service) => look(service).catch(() => undefined),
    remove: async (service, id) => {
      await client.del(`${index(service)}:${id}`, index(service));
    },
    writeForEver: async (service) => {
      await client.sadd(index(service), 'for-ever');
      const instance = { id: 'for-ever', port: 1 };
      await client.set(`${index(service)}:for-ever`, JSON.stringify({ status: 'passing', instance }));
    },
    restartEmpty: () => server.restart(),
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}
