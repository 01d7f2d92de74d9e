import type { RegistryEndpoint } from '../../contracts/registry.js';
import { unbracketed } from '../../net/ip-address.js';
import type { UrlAccess } from './redis-access.js';

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;

/** Reads a `redis://` or `rediss://` URL; undefined if it is none, or has parts that would be ignored. */
export function parseRedisUrl(given: unknown): URL | undefined {
  if (typeof given !== 'string' || !URL.canParse(given)) return undefined;
  const url = new URL(given);
  const fits =
    (url.protocol === 'redis:' || url.protocol === 'rediss:') &&
    url.hostname !== '' &&
    url.search === '' &&
    url.hash === '' &&
    /^(\/\d*)?$/.test(url.pathname);
  return fits ? url : undefined;
}

/** The server that a URL names. */
export function serverIn(url: URL): RegistryEndpoint {
  return endpointIn(url, DEFAULT_PORT);
}

/** User, password and database in a URL. */
export function accessIn({ username, password, pathname }: URL): UrlAccess {
  return {
    username: decode(username),
    password: decode(password),
    database: pathname.length > 1 ? Number(pathname.slice(1)) : undefined,
  };
}

/** A Sentinel as `host:port` or `{ host, port }`; undefined for anything else. */
export function sentinelOf(given: unknown): RegistryEndpoint | undefined {
  if (typeof given === 'string')
    return /^[^/@\s]+$/.test(given) && URL.canParse(`redis://${given}`)
      ? endpointIn(new URL(`redis://${given}`), DEFAULT_SENTINEL_PORT)
      : undefined;
  const { host, port = DEFAULT_SENTINEL_PORT } = (given ?? {}) as Partial<Record<keyof RegistryEndpoint, unknown>>;
  return typeof host === 'string' && host !== '' && isPort(port) ? { host, port } : undefined;
}

/** The address that a Sentinel answered; undefined if it is none. */
export function masterIn(answer: unknown): RegistryEndpoint | undefined {
  if (!Array.isArray(answer)) return undefined;
  const [host, port] = [String(answer[0]), Number(answer[1])];
  return /^[\w.:-]{1,255}$/.test(host) && isPort(port) ? { host, port } : undefined;
}

function endpointIn({ hostname, port }: URL, usual: number): RegistryEndpoint {
  return { host: unbracketed(hostname), port: port === '' ? usual : Number(port) };
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

/** Decodes percent-encoding; a part that cannot be decoded stays as it is. */
function decode(part: string): string | undefined {
  try {
    return part === '' ? undefined : decodeURIComponent(part);
  } catch {
    return part;
  }
}
