import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../wait-for.js';
import { findServer } from './find-server.js';
import { startOnFreePorts } from './free-ports.js';
import { ManagedServer } from './managed-server.js';
import { runProgram } from './run-program.js';
import { serversHere } from './server-versions.js';
import type { RedisFacts } from './server-versions.js';

const tlsFile = (name: string) => fileURLToPath(new URL(`../tls/localhost.${name}.pem`, import.meta.url));

/** What the Sentinels call the master they watch. */
export const MASTER_NAME = 'rollcall-test';

export interface RedisOptions {
  readonly password?: string;
  /** Clients speak TLS at `tlsPort` of the handle, beside the plain port. @default false */
  readonly tls?: boolean;
  /** Port of the master to follow. */
  readonly replicaOf?: number;
  /** The only node of a Redis Cluster. @default false */
  readonly cluster?: boolean;
  /** Lines of its configuration. @default none */
  readonly config?: readonly string[];
}

/** Starts a Redis on loopback that keeps nothing over a restart; resolves once it is ready. Rejects with its output when it does not come up. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const program = await findServer('redis');
  const facts = await serversHere.redis();
  return startOnFreePorts(2, async ([port = 0, tlsPort = 0]) => {
    const directory = await mkdtemp(join(tmpdir(), 'rollcall-redis-'));
    const settings: Record<string, string> = {
      port: String(port),
      bind: '127.0.0.1',
      dir: directory,
      save: '',
      loglevel: 'warning',
      // A replica may come back as a master and the other way round without waiting for a disk.
      'repl-diskless-sync-delay': '0',
      ...(options.password !== undefined && { requirepass: options.password }),
      ...(options.cluster === true && {
        'cluster-enabled': 'yes',
        ...(facts.setsClusterPort && { 'cluster-port': String(tlsPort) }),
        'cluster-announce-ip': '127.0.0.1',
      }),
      ...(options.replicaOf !== undefined && { replicaof: `127.0.0.1 ${options.replicaOf}` }),
      ...(options.tls === true && {
        'tls-port': String(tlsPort),
        'tls-cert-file': tlsFile('cert'),
        'tls-key-file': tlsFile('key'),
        'tls-ca-cert-file': tlsFile('cert'),
        'tls-auth-clients': 'no',
      }),
    };
    const file = join(directory, 'redis.conf');
    await writeFile(
      file,
      Object.entries(settings)
        .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
        .join('') + (options.config ?? []).map((line) => `${line}\n`).join(''),
    );
    return new RedisServer({ program, words: [file], directory }, { port, tlsPort }, options.password, facts);
  });
}

/** A master, a replica and three Sentinels; resolves once the Sentinels know all of them. `stop()` stops all. */
export async function startRedisSentinels({
  downAfterMs = 1_000,
}: { downAfterMs?: number } = {}): Promise<RedisSentinels> {
  const program = await findServer('redis');
  const facts = await serversHere.redis();
  const stops: (() => Promise<void>)[] = [];
  const keep = <T extends { stop(): Promise<void> }>(server: T): T => {
    stops.push(() => server.stop());
    return server;
  };
  try {
    const master = keep(await startRedis());
    const replica = keep(await startRedis({ replicaOf: master.port }));
    const start = () =>
      startOnFreePorts(1, async ([port = 0]) => {
        const directory = await mkdtemp(join(tmpdir(), 'rollcall-sentinel-'));
        const file = join(directory, 'sentinel.conf');
        const lines = [
          `port ${port}`,
          'bind 127.0.0.1',
          `dir ${directory}`,
          `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 2`,
          `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
          `sentinel failover-timeout ${MASTER_NAME} 5000`,
        ];
        await writeFile(file, `${lines.join('\n')}\n`);
        const command = { program, words: [file, '--sentinel'], directory };
        return new RedisServer(command, { port, tlsPort: 0 }, undefined, facts);
      });
    // Sentinels ask a replica every ten seconds: the first time it should have something good to say.
    await waitFor(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'), {
      timeoutMs: 20_000,
      everyMs: 50,
    });
    const sentinels = await Promise.all([1, 2, 3].map(async () => keep(await start())));
    const group = new RedisSentinels([master, replica], sentinels);
    await group.ready();
    return group;
  } catch (error) {
    await Promise.all(stops.map((stop) => stop()));
    throw error;
  }
}

/** A Redis (or a Sentinel) that tests may mistreat. It comes back empty. */
export class RedisServer extends ManagedServer {
  readonly port: number;
  readonly tlsPort: number;
  readonly #file: string;
  readonly #facts: RedisFacts;
  #password: string | undefined;

  constructor(
    command: ConstructorParameters<typeof ManagedServer>[0],
    { port, tlsPort }: { port: number; tlsPort: number },
    password: string | undefined,
    facts: RedisFacts,
  ) {
    super(command);
    [this.#file = ''] = command.words;
    this.#facts = facts;
    this.port = port;
    this.tlsPort = tlsPort;
    this.#password = password;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async ready(timeoutMs = 20_000): Promise<void> {
    const current = this.process;
    try {
      // Somebody else's Redis on our port has another process id.
      await waitFor(
        async () => !current.running || (await this.cli('INFO', 'server')).includes(`process_id:${current.pid}\r`),
        { timeoutMs, everyMs: 50 },
      );
      if (!current.running) throw new Error('it ended');
    } catch (cause) {
      throw new Error(`Redis did not come up on port ${this.port}: ${String(cause)}. Its output:\n${current.output}`, {
        cause,
      });
    }
  }

  /** Changes its configuration, one setting after another: older ones take no more at a time. */
  async configure(settings: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(settings)) {
      const answer = await this.cli('CONFIG', 'SET', name, value);
      if (answer !== 'OK\n') throw new Error(`Redis does not take ${name} ${value}: ${answer}`);
    }
  }

  /** As a Sentinel: lets in only clients with this password from now on. */
  async requirePassword(password: string): Promise<void> {
    if (this.#facts.sentinelsHaveAcl) {
      await this.cli('ACL', 'SETUSER', 'default', 'resetpass', `>${password}`);
      this.#password = password;
      return;
    }
    await this.kill();
    await appendFile(this.#file, `requirepass ${password}\n`);
    this.#password = password;
    await this.restart();
  }

  /** As a node of a cluster: serves every key from now on. */
  async takeAllSlots(): Promise<void> {
    await this.cli(...this.#facts.takeAllSlots);
  }

  /** As a node of a cluster: joins the one that the other is in. */
  async meet(other: RedisServer): Promise<void> {
    const busPort = this.#facts.setsClusterPort ? other.tlsPort : other.port + 10_000;
    await this.cli('CLUSTER', 'MEET', '127.0.0.1', String(other.port), String(busPort));
  }

  /** Runs Redis' own client against it; resolves to what that prints. */
  async cli(...words: string[]): Promise<string> {
    const auth = this.#password === undefined ? {} : { REDISCLI_AUTH: this.#password };
    return runProgram(await findServer('redisCli'), ['-h', '127.0.0.1', '-p', String(this.port), ...words], auth);
  }
}

/** Two Redis servers, one of which is the master, and three Sentinels that watch them. */
export class RedisSentinels {
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];

  constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  /** The server that the Sentinels call the master. */
  async master(): Promise<RedisServer> {
    const [, port] = ((await this.sentinels[0]?.cli('SENTINEL', 'get-master-addr-by-name', MASTER_NAME)) ?? '').split(
      '\n',
    );
    const found = this.servers.find((server) => server.port === Number(port));
    if (found === undefined) throw new Error(`The Sentinels know no master of ours, but one at port ${String(port)}`);
    return found;
  }

  /** Resolves once every Sentinel knows a replica that follows and both of its siblings: from then on a failover can succeed. */
  async ready(): Promise<void> {
    for (const sentinel of this.sentinels) {
      await waitFor(
        async () => {
          const facts = await sentinel.cli('SENTINEL', 'master', MASTER_NAME);
          const fact = (name: string) => new RegExp(`^${name}\\n(.*)$`, 'm').exec(facts)?.[1];
          const replicas = await sentinel.cli('SENTINEL', 'replicas', MASTER_NAME);
          return (
            fact('num-other-sentinels') === '2' &&
            fact('flags') === 'master' &&
            replicas.includes('master-link-status\nok\n')
          );
        },
        { timeoutMs: 40_000, everyMs: 100 },
      );
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }
}
