import type { Registry } from '../contracts/registry.js';
import { hostPort } from '../net/ip-address.js';

/** Identifies what readers of a registry see, across processes and restarts; safe to print. */
export function readingScope({ name, endpoint, discovery }: Pick<Registry, 'name' | 'endpoint' | 'discovery'>): string {
  const at = endpoint && hostPort(endpoint.host, endpoint.port);
  return [name, at, discovery?.traits?.scope].filter((part) => part !== undefined && part !== '').join(' ');
}
