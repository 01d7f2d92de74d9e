import { consul, etcd, redis } from '../../../src/index.js';
import type { Registry, ServiceInstance } from '../../../src/index.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { startEtcd } from '../../support/servers/etcd-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { startRedis } from '../../support/servers/redis-server.js';
import type { OutageKind } from './options.js';

/** A registry's server, and what is true there. */
export interface World {
  readonly kind: OutageKind;
  readonly port: number;
  /** A reader through this port. */
  reader(port: number): Registry;
  /** Writes an instance, or writes it again with other tags, past every proxy. */
  add(name: string, id: string, tags?: readonly string[]): Promise<void>;
  remove(name: string, id: string): Promise<void>;
  /** Comes back without anything that it had. */
  restartEmpty(): Promise<void>;
  /** How late a reader may be whose connections were forgotten. */
  readonly halfOpenMs: number;
  stop(): Promise<void>;
}

/** How long Consul holds a poll. */
const CONSUL_WAIT_MS = 30_000;
/** When an etcd stream is silent: its successor is due after 10 s, and has 5 s to open. */
const ETCD_SILENCE_MS = 15_000;
/** How long Redis may take to answer. */
const REDIS_REQUEST_MS = 5_000;
/** A poll each second, and its answer. */
export const SOON_MS = 1_250;

const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;

export async function startWorld(kind: OutageKind): Promise<World> {
  if (kind === 'consul') return consulWorld();
  const server = kind === 'etcd' ? await startEtcd() : await startRedis();
  const make = (port: number) =>
    kind === 'etcd' ? etcd({ endpoints: [`http://127.0.0.1:${port}`] }) : redis({ url: `redis://127.0.0.1:${port}` });
  const writer = make(server.port);
  return {
    kind,
    port: server.port,
    reader: make,
    async add(name, id, tags = []) {
      const instance = instanceOf(name, id, tags);
      await (await writer.register(instance, passing, signal)).renew(passing, signal);
    },
    remove: (name, id) => writer.remove({ name, id }, signal),
    restartEmpty: () => ('restartEmpty' in server ? server.restartEmpty() : server.restart()),
    halfOpenMs: (kind === 'etcd' ? ETCD_SILENCE_MS : REDIS_REQUEST_MS) + SOON_MS,
    async stop() {
      await writer.close();
      await server.stop();
    },
  };
}

async function consulWorld(): Promise<World> {
  const server = await startConsul();
  return consulAt(server, {
    restartEmpty: () => server.restart(),
    stop: () => server.stop(),
  });
}

/** The world as an agent shows it. */
export function consulAt(
  { url, port }: { readonly url: string; readonly port: number },
  { restartEmpty, stop }: Pick<World, 'restartEmpty' | 'stop'>,
): World {
  const raw = rawConsul(url);
  return {
    kind: 'consul',
    port,
    reader: (through) => consul({ endpoints: [`http://127.0.0.1:${through}`] }),
    async add(name, id, tags = []) {
      const body = { ID: id, Name: name, Address: '10.0.0.1', Port: 3000, Tags: tags };
      const { status } = await raw.put('/v1/agent/service/register', body);
      if (status !== 200) throw new Error(`Consul answered ${status} to a registration`);
    },
    async remove(_name, id) {
      const { status } = await raw.put(`/v1/agent/service/deregister/${id}`);
      if (status !== 200) throw new Error(`Consul answered ${status} to a deregistration`);
    },
    restartEmpty,
    halfOpenMs: CONSUL_WAIT_MS * 1.1 + SOON_MS,
    async stop() {
      raw.close();
      await stop();
    },
  };
}

function instanceOf(name: string, id: string, tags: readonly string[]): ServiceInstance {
  return {
    name,
    id,
    address: '10.0.0.1',
    port: 3000,
    tags: [...tags],
    meta: {},
    nonce: `nonce of ${id}`,
    ttlMs: 3_600_000,
    checks: [],
  };
}
