import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { unpackDebianPackage } from './debian-package.js';
import type { DebianPackage } from './debian-package.js';
import * as packages from './pinned-packages.js';

interface ServerSource {
  /** Names the program, whatever is on PATH. */
  readonly variable: string;
  /** What it is called on PATH. */
  readonly command: string;
  readonly debian: DebianPackage;
  /** Where the program is inside the package. */
  readonly program: string;
}

const sources = {
  consul: { variable: 'CONSUL_BIN', command: 'consul', debian: packages.consul, program: 'usr/bin/consul' },
  haproxy: { variable: 'HAPROXY_BIN', command: 'haproxy', debian: packages.haproxy, program: 'usr/sbin/haproxy' },
  etcd: { variable: 'ETCD_BIN', command: 'etcd', debian: packages.etcd, program: 'usr/bin/etcd' },
  etcdctl: { variable: 'ETCDCTL_BIN', command: 'etcdctl', debian: packages.etcdClient, program: 'usr/bin/etcdctl' },
  redis: { variable: 'REDIS_BIN', command: 'redis-server', debian: packages.redis, program: 'usr/bin/redis-server' },
  redisCli: { variable: 'REDIS_CLI_BIN', command: 'redis-cli', debian: packages.redis, program: 'usr/bin/redis-cli' },
} as const satisfies Record<string, ServerSource>;

export type ServerKind = keyof typeof sources;

const found = new Map<ServerKind, Promise<string>>();

/**
 * The program of a real server, or of its own client: from its variable (e.g. `CONSUL_BIN`), else from PATH, else from Debian's package, unpacked
 * into `.cache/servers`. Resolves to an absolute path. Rejects when there is none and says how to get one: a test that
 * needs a server fails without it.
 */
export function findServer(kind: ServerKind): Promise<string> {
  const known = found.get(kind);
  if (known !== undefined) return known;
  const search = lookFor(kind, sources[kind]);
  found.set(kind, search);
  return search;
}

async function lookFor(kind: ServerKind, source: ServerSource): Promise<string> {
  const named = process.env[source.variable];
  if (named) {
    if (await isProgram(named)) return named;
    throw new Error(`${source.variable} is ${JSON.stringify(named)}, which is not a program that can be run`);
  }
  for (const directory of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(directory, source.command);
    if (await isProgram(candidate)) return candidate;
  }
  try {
    return await unpackDebianPackage(source.debian, source.program);
  } catch (cause) {
    const { name, version, suite } = source.debian;
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new Error(
      `No ${kind} server to test against. Set ${source.variable} to a ${source.command} program, or put one on PATH. ` +
        `Getting ${name} ${version} from Debian ${suite} by itself failed: ${reason}`,
      { cause },
    );
  }
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
