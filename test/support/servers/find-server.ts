import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { unpackDebianPackage } from './debian-package.js';
import type { DebianPackage } from './debian-package.js';

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
  consul: {
    variable: 'CONSUL_BIN',
    command: 'consul',
    debian: {
      name: 'consul',
      version: '1.8.7+dfsg1-2+b3',
      suite: 'bullseye',
      sha256: {
        amd64: 'e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9',
        arm64: '7318cfa77a7ba6f71dd096e44353279de246ffc6561216ace42353685dcf8255',
      },
    },
    program: 'usr/bin/consul',
  },
  haproxy: {
    variable: 'HAPROXY_BIN',
    command: 'haproxy',
    debian: {
      name: 'haproxy',
      version: '2.6.12-1+deb12u3',
      suite: 'bookworm',
      sha256: {
        amd64: 'c8fa07420a78bfc47544b2a46e97151a8a12c3b4db62de610b2e37e78506f465',
        arm64: '7635b443ca8cf8a4cd207e838d1800777a513fdf2db98e745c4fd43651d57a74',
      },
      libraries: [
        {
          name: 'liblua5.3-0',
          version: '5.3.6-2',
          sha256: {
            amd64: '576ad8ef2e9f6ad21f29f0c90dac17448deefee8f3912877c2a0911b77e5d3ca',
            arm64: 'a6ced38c031a049097fef0acdf57cac7d16d7f642006e8a2c17358bb47caa318',
          },
        },
        {
          name: 'libopentracing-c-wrapper0',
          version: '1.1.3-3+b1',
          sha256: {
            amd64: '68013bf6296a776923622c871bed26bc7b6bfe5f84b0fa2707a06382d1db2692',
            arm64: '36751ed62c207843d9997e7984aec6cd7482fdd703f43849bc9e31e09c4c4d55',
          },
        },
        {
          name: 'libopentracing1',
          version: '1.6.0-4',
          sha256: {
            amd64: 'af62b62a99979253a79e3443f7dabe13f1f33bc2fc024f99039e3868a67f26f4',
            arm64: '5fe103e1d8ab56f8ee381aa3cca9ec0e40e61ea24f25d0ac9933cf9c5820b3a4',
          },
        },
        {
          name: 'libssl3',
          version: '3.0.20-1~deb12u2',
          sha256: {
            amd64: '89be24b41bff568ee6e7caf5680a3d808e80315ed92e407056ce0fa7a5bda025',
            arm64: 'a256e03cc3abd7243ac5c6ee91a9deb56478221ef0d3c2b0748551e13140c0bf',
          },
        },
      ],
    },
    program: 'usr/sbin/haproxy',
  },
} as const satisfies Record<string, ServerSource>;

export type ServerKind = keyof typeof sources;

const found = new Map<ServerKind, Promise<string>>();

/**
 * The program of a real server: from its variable (e.g. `CONSUL_BIN`), else from PATH, else from Debian's package, unpacked
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
