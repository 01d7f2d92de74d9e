import { hostname, networkInterfaces } from 'node:os';
import { systemClock } from '../core/clock.js';
import { readPlatformEnv } from '../config/platform-env.js';
import type { PlatformEnv } from '../config/platform-env.js';
import type { RegistryEndpoint } from '../contracts/registry.js';
import type { Interfaces } from './interfaces.js';

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

/** How old a list of interfaces may be. */
const RECENT_MS = 1_000;
let lastSeen: { readonly at: number; readonly interfaces: Interfaces } | undefined;

/** Asking the system takes longer than a request to the agent, and the Registrars of a process start together. */
function recentInterfaces(): Interfaces {
  const now = systemClock.now();
  if (lastSeen === undefined || now - lastSeen.at > RECENT_MS) lastSeen = { at: now, interfaces: networkInterfaces() };
  return lastSeen.interfaces;
}

/** The one we run on. */
export const localSystem: LocalSystem = {
  interfaces: recentInterfaces,
  hostname,
  platform: () => readPlatformEnv(),
  async routeSource(endpoint, signal) {
    const { routeSource } = await import('./route.js');
    return routeSource(endpoint, signal);
  },
  async readText(path) {
    const { readFile } = await import('node:fs/promises');
    return readFile(path, 'utf8').catch(() => '');
  },
};
