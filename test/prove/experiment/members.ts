import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startConsul } from '../../support/servers/consul-server.js';
import { startEtcd } from '../../support/servers/etcd-server.js';
import { rawEtcd } from '../../support/servers/raw-etcd.js';
import { startRedis } from '../../support/servers/redis-server.js';
import { CatalogReader } from './catalog-reader.js';
import type { RegistryPlan } from './registry-plan.js';

/** A registry as an experiment sees it: with none of our own code between. */
export interface ChainMember {
  readonly name: string;
  readonly plan: RegistryPlan;
  /** How many entries of the service it holds, and how many of them pass; undefined: no answer. */
  look(service: string): Promise<{ readonly entries: number; readonly passing: number } | undefined>;
  /** Absent for what cannot be killed. */
  kill?(): Promise<void>;
  restart?(): Promise<void>;
  stop(): Promise<void>;
}

export type MemberKind = 'consul' | 'etcd' | 'redis' | 'file';

export const startMember: Readonly<Record<MemberKind, () => Promise<ChainMember>>> = {
  consul: consulMember,
  etcd: etcdMember,
  redis: redisMember,
  file: fileMember,
};

async function consulMember(): Promise<ChainMember> {
  const server = await startConsul();
  const reader = new CatalogReader(server.url);
  return {
    name: 'consul',
    plan: { kind: 'consul', url: server.url },
    look: async (service) => counted((await reader.look(service)).entries),
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: async () => {
      reader.close();
      await server.stop();
    },
  };
}

/** Our record says that there is an entry, the key for other readers that it passes. */
async function etcdMember(): Promise<ChainMember> {
  const server = await startEtcd();
  const raw = rawEtcd(server.url);
  return {
    name: 'etcd',
    plan: { kind: 'etcd', url: server.url },
    look: async (service) => {
      try {
        const [records, passing] = await Promise.all([raw.under(`/rollcall/${service}/`), raw.under(`${service}/`)]);
        return { entries: records.length, passing: passing.length };
      } catch {
        return undefined;
      }
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

async function redisMember(): Promise<ChainMember> {
  const server = await startRedis();
  const client = new Redis({
    host: '127.0.0.1',
    port: server.port,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 20,
  });
  client.on('error', () => undefined);
  return {
    name: 'redis',
    plan: { kind: 'redis', options: { url: server.url } },
    look: async (service) => {
      try {
        const keys = await client.keys(`rollcall:{${service}}:*`);
        return counted(
          (keys.length === 0 ? [] : await client.mget(keys)).flatMap((text) =>
            text === null ? [] : [{ passing: statusIn(text) === 'passing' }],
          ),
        );
      } catch {
        return undefined;
      }
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}

async function fileMember(): Promise<ChainMember> {
  const dir = await mkdtemp(join(tmpdir(), 'rollcall-chain-'));
  return {
    name: 'file',
    plan: { kind: 'file', options: { dir } },
    look: async (service) => {
      const files = await readdir(join(dir, service)).catch(() => []);
      const texts = await Promise.all(
        files.map((file) => readFile(join(dir, service, file), 'utf8').catch(() => undefined)),
      );
      return counted(
        texts.flatMap((text) =>
          text === undefined ? [] : [{ passing: /"beat": \{\s*"status": "passing"/.test(text) }],
        ),
      );
    },
    stop: () => rm(dir, { recursive: true }),
  };
}

function counted(
  entries: readonly { readonly passing: boolean }[] | undefined,
): { entries: number; passing: number } | undefined {
  return entries && { entries: entries.length, passing: entries.filter(({ passing }) => passing).length };
}

function statusIn(text: string): unknown {
  return (JSON.parse(text) as { status?: unknown }).status;
}
