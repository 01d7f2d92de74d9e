import type { NetworkInterfaceInfo } from 'node:os';
import { readPlatformEnv } from '../../src/config/platform-env.js';
import type { Environment } from '../../src/config/env.js';
import type { Interfaces } from '../../src/instance/interfaces.js';
import type { LocalSystem } from '../../src/instance/local-system.js';

export interface FakeSystem {
  /** Addresses by the name of their interface; loopback is added. */
  readonly interfaces?: Readonly<Record<string, readonly string[]>>;
  readonly hostname?: string;
  readonly env?: Environment;
  /** The source address towards any registry, or what asking for it fails with; a promise answers when it will. @default no route */
  readonly route?: string | Error | Promise<string>;
  /** A server on `::` takes no IPv4. @default false */
  readonly isIpv6Only?: boolean;
  /** Texts by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** @default no records are kept */
  readonly recordFolder?: string;
}

/** A machine on paper. `asked` counts how often its route was asked for. */
export function fakeSystem({
  interfaces = {},
  hostname = 'web1',
  env = {},
  route = new Error('ENETUNREACH'),
  isIpv6Only = false,
  files = {},
  recordFolder,
}: FakeSystem = {}): LocalSystem & { asked: number } {
  const system = {
    asked: 0,
    interfaces: () => listInterfaces({ lo: ['127.0.0.1', '::1'], ...interfaces }),
    hostname: () => hostname,
    platform: () => readPlatformEnv(env),
    routeSource: async () => {
      system.asked += 1;
      if (route instanceof Error) throw route;
      return route;
    },
    isIpv6Only: () => Promise.resolve(isIpv6Only),
    readText: (path: string) => Promise.resolve(files[path] ?? ''),
    recordFolder: () => Promise.resolve(recordFolder),
  };
  return system;
}

/** As `os.networkInterfaces()` lists them. */
export function listInterfaces(named: Readonly<Record<string, readonly string[]>>): Interfaces {
  const info = (name: string, address: string) =>
    ({ address, internal: name === 'lo', family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo;
  return Object.fromEntries(
    Object.entries(named).map(([name, addresses]) => [name, addresses.map((address) => info(name, address))]),
  );
}
