import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../wait-for.js';
import { findServer } from './find-server.js';
import { freePorts, startOnFreePorts } from './free-ports.js';
import { ManagedServer } from './managed-server.js';
import { rawConsul } from './raw-consul.js';
import { serversHere } from './server-versions.js';
import type { ConsulFacts } from './server-versions.js';

/** The token of an ACL-enabled start: may do everything. */
const MANAGEMENT_TOKEN = '6d1c6c0e-3c0a-4c5e-9a52-5d7f0a1b2c3d';

export interface ConsulPorts {
  readonly http: number;
  readonly dns: number;
  readonly serf: number;
  readonly rpc: number;
}

export interface ConsulOptions {
  /** True: a server that keeps its data over a restart; it takes some seconds to elect itself. @default false: a dev agent that forgets */
  readonly dataDir?: boolean;
  /** `default_policy: deny`, and `token` of the handle may do everything; `rememberFor`: how long the agent believes what it knows of a token. @default false */
  readonly acl?: boolean | { readonly rememberFor: string };
  /** Address of a server's serf port: start a client agent that joins it (its data are kept over a restart). */
  readonly join?: string;
  /** Where it speaks TLS as well. @default nowhere */
  readonly httpsPort?: number;
  /** Anything of Consul's own configuration; wins over what is set here. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Fixed ports. @default free ones, and others when somebody was faster */
  readonly ports?: ConsulPorts;
}

/** Starts a Consul agent on loopback; resolves once it is ready. Rejects with its output when it does not come up. */
export async function startConsul(options: ConsulOptions = {}): Promise<ConsulServer> {
  const program = await findServer('consul');
  const facts = await serversHere.consul();
  const make = async (ports: ConsulPorts) => {
    const keepsData = options.dataDir === true || options.join !== undefined;
    return new ConsulServer(
      { program, facts },
      options,
      ports,
      keepsData ? await mkdtemp(join(tmpdir(), 'rollcall-consul-')) : undefined,
    );
  };
  if (options.ports === undefined)
    return startOnFreePorts(4, ([http = 0, dns = 0, serf = 0, rpc = 0]) => make({ http, dns, serf, rpc }));
  const server = await make(options.ports);
  try {
    await server.restart();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A server and a client agent that has joined it; `stop()` stops both. */
export async function startConsulPair(
  options: Pick<ConsulOptions, 'dataDir' | 'acl'> = {},
): Promise<{ server: ConsulServer; client: ConsulServer; stop(): Promise<void> }> {
  const server = await startConsul(options);
  try {
    const client = await startConsul({ join: `127.0.0.1:${server.ports.serf}`, acl: options.acl ?? false });
    return {
      server,
      client,
      stop: async () => {
        await client.stop();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Three servers with data, and a client agent that has joined them; `stop()` stops all. Losing one leaves two, who elect another leader. */
export async function startConsulCluster(): Promise<{
  client: ConsulServer;
  servers: readonly ConsulServer[];
  leader(): Promise<ConsulServer>;
  stop(): Promise<void>;
}> {
  const ports = await freePorts(12);
  const places = [0, 4, 8].map((at): ConsulPorts => ({
    http: ports[at] ?? 0,
    dns: ports[at + 1] ?? 0,
    serf: ports[at + 2] ?? 0,
    rpc: ports[at + 3] ?? 0,
  }));
  const config = {
    bootstrap_expect: places.length,
    retry_join: places.map(({ serf }) => `127.0.0.1:${serf}`),
    retry_interval: '1s',
  };
  const starts = await Promise.allSettled(places.map((place) => startConsul({ dataDir: true, ports: place, config })));
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    const client = await startConsul({ join: config.retry_join[0] ?? '', config: { retry_join: config.retry_join } });
    const leader = async () => {
      const consul = rawConsul(client.url);
      const address = (await consul.get('/v1/status/leader')).json<string>();
      consul.close();
      const found = servers.find((server) => address.endsWith(`:${server.ports.rpc}`));
      if (found === undefined) throw new Error(`The leader at ${address} is none of ours`);
      return found;
    };
    return {
      client,
      servers,
      leader,
      stop: async () => {
        await client.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A Consul agent that tests may mistreat. A dev agent comes back empty, one with data has them still; a client agent that is terminated leaves its cluster. */
export class ConsulServer extends ManagedServer {
  readonly ports: ConsulPorts;
  /** Of the HTTP API. */
  readonly url: string;
  /** May do everything; only with `acl`. */
  readonly token: string | undefined;
  /** What the cluster calls it. */
  readonly nodeName: string;

  constructor(
    { program, facts }: { program: string; facts: ConsulFacts },
    options: ConsulOptions,
    ports: ConsulPorts,
    directory: string | undefined,
  ) {
    const nodeName = `consul-${randomBytes(4).toString('hex')}`;
    super({ program, words: commandLine(facts, options, nodeName, ports, directory), directory });
    this.nodeName = nodeName;
    this.ports = ports;
    this.url = `http://127.0.0.1:${ports.http}`;
    this.token = options.acl ? MANAGEMENT_TOKEN : undefined;
  }

  /** Of the HTTP API. */
  get port(): number {
    return this.ports.http;
  }

  get dnsPort(): number {
    return this.ports.dns;
  }

  /** Resolves once there is a leader and the catalog answers with it. Rejects after `timeoutMs`, or at once when the process has ended. @default 40 s */
  async ready(timeoutMs = 40_000): Promise<void> {
    const consul = rawConsul(this.url, { token: this.token, timeoutMs: 2_000 });
    const current = this.process;
    try {
      await waitFor(
        async () => {
          if (!current.running) return 'it ended';
          // Somebody else's agent on our port would answer, too.
          const self = (await consul.get('/v1/agent/self')).json<{ Config: { NodeName: string } }>();
          if (self.Config.NodeName !== this.nodeName) return false;
          const [leader, health] = await Promise.all([
            consul.get('/v1/status/leader'),
            consul.get('/v1/health/service/consul?passing'),
          ]);
          return (
            leader.status === 200 &&
            leader.body.length > 4 &&
            health.status === 200 &&
            health.json<unknown[]>().length > 0
          );
        },
        { timeoutMs },
      );
      if (!current.running) throw new Error('it ended');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Consul did not come up on port ${this.port}: ${reason}. Its output:\n${current.output}`, {
        cause,
      });
    } finally {
      consul.close();
    }
  }
}

function commandLine(
  facts: ConsulFacts,
  { dataDir, acl, join: serverToJoin, httpsPort = -1, config }: ConsulOptions,
  nodeName: string,
  ports: ConsulPorts,
  directory: string | undefined,
): string[] {
  const isClient = serverToJoin !== undefined;
  const settings = {
    node_name: nodeName,
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    ports: {
      http: ports.http,
      dns: ports.dns,
      serf_lan: ports.serf,
      serf_wan: -1,
      server: ports.rpc,
      grpc: -1,
      https: httpsPort,
      ...facts.closedPorts,
    },
    log_level: 'err',
    // Only loopback traffic: no look for news.
    disable_update_check: true,
    ...(isClient && { server: false, retry_join: [serverToJoin], retry_interval: '1s' }),
    ...(!isClient && dataDir && { server: true, bootstrap_expect: 1 }),
    // The timing of small local clusters: a restarted server elects itself in seconds.
    ...(!isClient && { performance: { raft_multiplier: 1 } }),
    ...(acl && {
      acl: {
        enabled: true,
        default_policy: 'deny',
        ...(typeof acl === 'object' && { token_ttl: acl.rememberFor, policy_ttl: acl.rememberFor }),
        tokens: { agent: MANAGEMENT_TOKEN, ...(!isClient && { [facts.managementToken]: MANAGEMENT_TOKEN }) },
      },
    }),
    ...config,
  };
  return [
    'agent',
    ...(directory === undefined ? ['-dev'] : ['-data-dir', directory]),
    '-hcl',
    JSON.stringify(settings),
  ];
}
