import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../wait-for.js';
import { findServer } from './find-server.js';
import { freePorts, startOnFreePorts } from './free-ports.js';
import { ManagedServer } from './managed-server.js';
import { runProgram } from './run-program.js';

/** Of `test/support/tls`: the certificate of localhost, signed by itself. */
const tlsFile = (name: string) => fileURLToPath(new URL(`../tls/localhost.${name}.pem`, import.meta.url));

export interface EtcdOptions {
  /** Clients speak TLS; `plainUrl` of the handle stays without, for the test's own use. @default false */
  readonly tls?: boolean;
  /** More flags, or others than usual, e.g. `{ 'quota-backend-bytes': '2097152' }`. @default none */
  readonly flags?: Readonly<Record<string, string>>;
}

interface Member {
  readonly name: string;
  readonly client: number;
  readonly plain: number;
  readonly peer: number;
}

/** Starts one etcd on loopback; resolves once it is ready. Rejects with its output when it does not come up. */
export async function startEtcd(options: EtcdOptions = {}): Promise<EtcdServer> {
  const program = await findServer('etcd');
  return startOnFreePorts(3, async ([client = 0, plain = 0, peer = 0]) => {
    const member = { name: memberName(), client, plain, peer };
    return new EtcdServer(program, member, [member], options, await dataDirectory());
  });
}

/** A cluster of three members; resolves once each is ready. `stop()` stops all. */
export async function startEtcdCluster({ flags = {} }: Pick<EtcdOptions, 'flags'> = {}): Promise<EtcdCluster> {
  const program = await findServer('etcd');
  return startOnFreePorts(9, async (ports) => {
    const members = [0, 3, 6].map((at) => ({
      name: memberName(),
      client: ports[at] ?? 0,
      plain: ports[at + 1] ?? 0,
      peer: ports[at + 2] ?? 0,
    }));
    return new EtcdCluster(
      await Promise.all(
        members.map(async (member) => new EtcdServer(program, member, members, { flags }, await dataDirectory())),
      ),
    );
  });
}

/** A further member of a cluster that does not vote; resolves once it has been started, since a learner is never healthy. */
export async function startEtcdLearner(cluster: EtcdCluster): Promise<EtcdServer> {
  const program = await findServer('etcd');
  const [client = 0, plain = 0, peer = 0] = await freePorts(3);
  const member = { name: memberName(), client, plain, peer };
  const words = ['member', 'add', member.name, '--learner', '--peer-urls', peerUrl(member)];
  // A young cluster takes nobody in.
  await waitFor(() => cluster.members[0]?.etcdctl(...words), { timeoutMs: 30_000, everyMs: 500 });
  const flags = { 'initial-cluster-state': 'existing' };
  const all = [...cluster.members.map((one) => one.member), member];
  const learner = new EtcdServer(program, member, all, { flags }, await dataDirectory());
  await learner.launch();
  return learner;
}

/** One etcd member that tests may mistreat; it has its data still after a restart. */
export class EtcdServer extends ManagedServer {
  /** Of the clients' API. */
  readonly url: string;
  /** Always without TLS. */
  readonly plainUrl: string;
  readonly port: number;
  /** What the others know it by. */
  readonly member: Member;
  readonly #directory: string;
  #rootPassword: string | undefined;

  constructor(
    program: string,
    member: Member,
    cluster: readonly Member[],
    { tls = false, flags = {} }: EtcdOptions,
    directory: string,
  ) {
    const scheme = tls ? 'https' : 'http';
    const url = `${scheme}://127.0.0.1:${member.client}`;
    const plainUrl = `http://127.0.0.1:${member.plain}`;
    const settings: Record<string, string> = {
      name: member.name,
      'data-dir': directory,
      'listen-client-urls': `${url},${plainUrl}`,
      'advertise-client-urls': url,
      'listen-peer-urls': peerUrl(member),
      'initial-advertise-peer-urls': peerUrl(member),
      'initial-cluster': cluster.map((one) => `${one.name}=${peerUrl(one)}`).join(','),
      logger: 'zap',
      'log-level': 'error',
      ...(tls && { 'cert-file': tlsFile('cert'), 'key-file': tlsFile('key') }),
      ...flags,
    };
    super({ program, words: Object.entries(settings).map(([name, value]) => `--${name}=${value}`), directory });
    this.member = member;
    this.#directory = directory;
    this.url = url;
    this.plainUrl = plainUrl;
    this.port = member.client;
  }

  async ready(timeoutMs = 40_000): Promise<void> {
    const current = this.process;
    try {
      await waitFor(
        async () => {
          if (!current.running) return 'it ended';
          const [health, members] = await Promise.all([this.#ask('/health'), this.#members()]);
          // Somebody else's etcd on our port would be healthy, too.
          return health.includes('"true"') && members.includes(this.member.name);
        },
        { timeoutMs },
      );
      if (!current.running) throw new Error('it ended');
    } catch (cause) {
      throw new Error(`etcd did not come up on port ${this.port}: ${String(cause)}. Its output:\n${current.output}`, {
        cause,
      });
    }
  }

  /** Comes back on the same ports without anything that it had. */
  async restartEmpty(): Promise<void> {
    await this.kill();
    for (const name of await readdir(this.#directory)) await rm(join(this.#directory, name), { recursive: true });
    await this.restart();
  }

  /** Creates a user who may do everything, and lets nobody else in from then on. */
  async enableAuth(password: string): Promise<void> {
    await this.etcdctl('user', 'add', `root:${password}`);
    await this.etcdctl('user', 'grant-role', 'root', 'root');
    await this.etcdctl('auth', 'enable');
    this.#rootPassword = password;
  }

  /** Of the user that may do everything: what `ready` shows from now on. */
  setRootPassword(password: string): void {
    this.#rootPassword = password;
  }

  /** Runs etcd's own client against it; resolves to what that prints. */
  async etcdctl(...words: string[]): Promise<string> {
    return runProgram(await findServer('etcdctl'), ['--endpoints', this.plainUrl, ...words], { ETCDCTL_API: '3' });
  }

  /** With authentication on, newer ones list the members to those who have a token. */
  async #members(): Promise<string> {
    const credentials = JSON.stringify({ name: 'root', password: this.#rootPassword });
    const token =
      this.#rootPassword === undefined
        ? undefined
        : (JSON.parse(await this.#ask('/v3/auth/authenticate', credentials)) as { token?: string }).token;
    return this.#ask('/v3/cluster/member/list', '{}', token);
  }

  async #ask(path: string, body?: string, token?: string): Promise<string> {
    const answer = await fetch(`${this.plainUrl}${path}`, {
      ...(body && { method: 'POST', body }),
      ...(token !== undefined && { headers: { authorization: token } }),
      signal: AbortSignal.timeout(2_000),
    });
    return answer.text();
  }
}

/** Three members. */
export class EtcdCluster {
  readonly members: readonly EtcdServer[];

  constructor(members: readonly EtcdServer[]) {
    this.members = members;
  }

  get urls(): string[] {
    return this.members.map(({ url }) => url);
  }

  /** All at once: the first one alone would wait for the others. */
  async restart(): Promise<void> {
    await Promise.all(this.members.map((member) => member.restart()));
  }

  /** The member that leads just now; rejects when there is none. */
  async leader(): Promise<EtcdServer> {
    for (const member of this.members) {
      const status = await member.etcdctl('endpoint', 'status', '--write-out', 'json').catch(() => '[]');
      const [{ Status } = {}] = JSON.parse(status) as { Status?: { header: { member_id: number }; leader: number } }[];
      if (Status !== undefined && Status.leader === Status.header.member_id) return member;
    }
    throw new Error('No member of the cluster leads');
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}

function peerUrl({ peer }: Member): string {
  return `http://127.0.0.1:${peer}`;
}

function memberName(): string {
  return `etcd-${randomBytes(4).toString('hex')}`;
}

function dataDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'rollcall-etcd-'));
}
