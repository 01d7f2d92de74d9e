import { findServer } from './find-server.js';
import { runProgram } from './run-program.js';

/** What a server program says of itself. */
export interface ServerVersion {
  readonly product: string;
  /** E.g. `1.14.11`. */
  readonly text: string;
}

/** What tests and their servers have to know of one version of Consul. */
export interface ConsulFacts {
  readonly version: string;
  /** Ports that stand fixed unless they are closed; an older agent refuses a key that it does not know. */
  readonly closedPorts: Readonly<Record<string, -1>>;
  /** What `acl.tokens` calls the token that may do everything. */
  readonly managementToken: 'master' | 'initial_management';
  /** Where its configuration has certificates: in a block of their own, or beside everything else. */
  readonly tlsBlock: boolean;
  /** Of a service without a port: whether readers of its health get no `Port` at all, or 0. */
  readonly leavesOutPortZero: boolean;
  /** Whether a check may name the server whose certificate it expects. */
  readonly knowsTlsServerName: boolean;
  /** Whether its words and statuses are those that `newer-consul.ts` imitates; an older one is tested behind that. */
  readonly answersAsNewer: boolean;
  /** Whether answers name the default policy of its ACL. */
  readonly tellsDefaultPolicy: boolean;
  /** Whether it answers blocking reads of a service's health from a stream that it holds. */
  readonly streamsReads: boolean;
}

export interface EtcdFacts {
  readonly version: string;
  /** What `/health` says of a healthy member. */
  readonly healthy: Readonly<Record<string, string>>;
  /** Whether a user may keep a lease alive only with the right to write the keys on it. */
  readonly keepAliveNeedsWrite: boolean;
  /** Of the flag that names feature gates; undefined: it has checkpoints under an experimental flag. */
  readonly leaseCheckpointFlags: Readonly<Record<string, string>>;
}

export interface RedisFacts {
  readonly product: string;
  readonly version: string;
  /** Whether the port of a cluster's members among each other can be set; otherwise it is 10,000 above the clients'. */
  readonly setsClusterPort: boolean;
  /** The command that takes all slots of a cluster. */
  readonly takeAllSlots: readonly string[];
  /** Whether Sentinels have ACL; otherwise they take a password from their file alone. */
  readonly sentinelsHaveAcl: boolean;
  /** How to make a start slow enough to be seen: settings, and how many characters each of the 100 values has. */
  readonly slowLoad: { readonly settings: Readonly<Record<string, string>>; readonly valueLength: number };
  /** The setting of how long a script may keep other clients waiting. */
  readonly slowScriptSetting: string;
  /** What it says of a command in a script that the user has no right to, and of one that its configuration disables. */
  readonly deniedInScript: string;
  readonly disabledInScript: string;
}

/** Runs the program to ask. Rejects when it names no version. */
export async function versionOf(program: string): Promise<ServerVersion> {
  const [line = ''] = (await runProgram(program, ['--version'])).split('\n');
  const [, product, text] = /^(\w+) (?:server )?(?:v=|Version: |v)?(\d+\.\d+\.\d+)/.exec(line) ?? [];
  if (product === undefined || text === undefined)
    throw new Error(`${program} --version names no version: ${JSON.stringify(line)}`);
  return { product, text };
}

export function consulFacts({ text }: ServerVersion): ConsulFacts {
  const since = (version: string) => isAtLeast(text, version);
  return {
    version: text,
    closedPorts: since('1.14.0') ? { grpc_tls: -1 } : {},
    managementToken: since('1.11.0') ? 'initial_management' : 'master',
    tlsBlock: since('1.12.0'),
    leavesOutPortZero: since('1.14.0'),
    knowsTlsServerName: since('1.9.0'),
    answersAsNewer: since('1.14.0'),
    tellsDefaultPolicy: since('1.10.0'),
    streamsReads: since('1.10.0'),
  };
}

export function etcdFacts({ text }: ServerVersion): EtcdFacts {
  const since = (version: string) => isAtLeast(text, version);
  return {
    version: text,
    healthy: since('3.5.0') ? { health: 'true', reason: '' } : { health: 'true' },
    keepAliveNeedsWrite: since('3.6.0'),
    leaseCheckpointFlags: since('3.6.0')
      ? { 'feature-gates': 'LeaseCheckpoint=true,LeaseCheckpointPersist=true' }
      : { 'experimental-enable-lease-checkpoint': 'true' },
  };
}

export function redisFacts({ product, text }: ServerVersion): RedisFacts {
  const isSeven = isAtLeast(text, '7.0.0');
  const isValkey = product === 'Valkey';
  const everySlot = Array.from({ length: 16_384 }, (_, slot) => String(slot));
  return {
    product,
    version: text,
    setsClusterPort: isSeven,
    takeAllSlots: isSeven ? ['CLUSTER', 'ADDSLOTSRANGE', '0', '16383'] : ['CLUSTER', 'ADDSLOTS', ...everySlot],
    sentinelsHaveAcl: isAtLeast(text, '6.2.0'),
    slowLoad: isSeven
      ? { settings: { 'loading-process-events-interval-bytes': '1024' }, valueLength: 200 }
      : { settings: {}, valueLength: 400_000 },
    slowScriptSetting: isSeven ? 'busy-reply-threshold' : 'lua-time-limit',
    deniedInScript: isValkey ? 'has no permissions to run the' : "can't run this command",
    disabledInScript: isValkey ? 'Unknown command called from' : 'Unknown Redis command called from',
  };
}

let consul: Promise<ConsulFacts> | undefined;
let etcd: Promise<EtcdFacts> | undefined;
let redis: Promise<RedisFacts> | undefined;

/** Of the servers that tests here are run against. */
export const serversHere = {
  consul: () => (consul ??= findServer('consul').then(versionOf).then(consulFacts)),
  etcd: () => (etcd ??= findServer('etcd').then(versionOf).then(etcdFacts)),
  redis: () => (redis ??= findServer('redis').then(versionOf).then(redisFacts)),
};

/** Compares numbers, not text: 1.14 is later than 1.8. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number));
  for (const [at, part] of (want ?? []).entries()) {
    const difference = (have?.[at] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
