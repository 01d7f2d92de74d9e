import { hostname, networkInterfaces } from 'node:os';
import { systemClock } from '../core/clock.js';
import { readPlatformEnv } from '../config/platform-env.js';
import type { PlatformEnv } from '../config/platform-env.js';
import type { RegistryEndpoint } from '../contracts/registry.js';
import type { Interfaces } from './interfaces.js';

/** What the operating system and the platform know about this host; tests pass a fake one. */
export interface LocalSystem {
  interfaces(): Interfaces;
  hostname(): string;
  platform(): PlatformEnv;
  /** See `routeSource`. */
  routeSource(endpoint: RegistryEndpoint, signal: AbortSignal): Promise<string>;
  /** See `isIpv6Only`. */
  isIpv6Only(port: number, signal: AbortSignal): Promise<boolean>;
  /** The content of a file; empty when it cannot be read. */
  readText(path: string): Promise<string>;
  /** A folder for records that outlive this process; undefined: none are kept. */
  recordFolder(): Promise<string | undefined>;
}

/** How long a list of interfaces is cached. */
const CACHE_MS = 1_000;
let cached: { readonly at: number; readonly interfaces: Interfaces } | undefined;

/**
 * Cached, because `networkInterfaces` takes longer than a request to the agent, and many Registrars may start together.
 */
function cachedInterfaces(): Interfaces {
  const now = systemClock.now();
  if (cached === undefined || now - cached.at > CACHE_MS) cached = { at: now, interfaces: networkInterfaces() };
  return cached.interfaces;
}

/** The system of this process. */
export const localSystem: LocalSystem = {
  interfaces: cachedInterfaces,
  hostname,
  platform: () => readPlatformEnv(),
  async routeSource(endpoint, signal) {
    const { routeSource } = await import('./route.js');
    return routeSource(endpoint, signal);
  },
  async isIpv6Only(port, signal) {
    const { isIpv6Only } = await import('./ipv6-only.js');
    return isIpv6Only(port, signal);
  },
  async readText(path) {
    const { readFile } = await import('node:fs/promises');
    return readFile(path, 'utf8').catch(() => '');
  },
  async recordFolder() {
    const { privateFolder } = await import('../core/private-folder.js');
    return privateFolder('stops');
  },
};
