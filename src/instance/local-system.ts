import { hostname, networkInterfaces } from 'node:os';
import { readPlatformEnv } from '../config/platform-env.js';
import type { PlatformEnv } from '../config/platform-env.js';
import type { RegistryEndpoint } from '../registry/registry.js';
import type { Interfaces } from './interfaces.js';
import { routeSource } from './route.js';

/** What the operating system and the platform can tell about where we are; tests pass one of their own. */
export interface LocalSystem {
  interfaces(): Interfaces;
  hostname(): string;
  platform(): PlatformEnv;
  /** See `routeSource`. */
  routeSource(endpoint: RegistryEndpoint, signal: AbortSignal): Promise<string>;
  /** What a file holds; nothing when it cannot be read. */
  readText(path: string): Promise<string>;
}

/** The one we run on. */
export const localSystem: LocalSystem = {
  interfaces: networkInterfaces,
  hostname,
  platform: () => readPlatformEnv(),
  routeSource,
  async readText(path) {
    const { readFile } = await import('node:fs/promises');
    return readFile(path, 'utf8').catch(() => '');
  },
};
