import type { DiscoveredInstance } from '../contracts/discovery.js';
import { metaKeys } from '../contracts/resolved-instance.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import { hostPort } from '../net/ip-address.js';

/** For entries that say nothing: those of other programs, and of Registrars without a server. */
const USUAL_SCHEME = 'http';
const schemes = ['http', 'https'];
const LARGEST_PORT = 65_535;

/** Adds what a caller needs. An entry that another program wrote may have anything in its meta. */
export function resolveInstance(instance: DiscoveredInstance): ResolvedInstance {
  const { meta } = instance;
  const zone = textOf(meta[metaKeys.zone]);
  const serverName = textOf(meta[metaKeys.serverName]);
  const origin = originOf(instance);
  const found: { -readonly [Field in 'origin' | 'zone' | 'tls']?: ResolvedInstance[Field] } = {};
  if (origin !== undefined) found.origin = origin;
  if (zone !== undefined) found.zone = zone;
  if (serverName !== undefined) found.tls = Object.freeze({ serverName });
  // In this order all fields are in the object itself; added to a copy of the instance, they take three times as much.
  return Object.freeze(Object.assign(found, instance));
}

function originOf({ address, port, meta }: DiscoveredInstance): string | undefined {
  if (address === undefined || address === '' || port === undefined) return undefined;
  if (!Number.isInteger(port) || port < 1 || port > LARGEST_PORT) return undefined;
  const given = textOf(meta[metaKeys.scheme])?.toLowerCase();
  const scheme = given !== undefined && schemes.includes(given) ? given : USUAL_SCHEME;
  const origin = `${scheme}://${hostPort(address, port)}`;
  return URL.canParse(origin) ? origin : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
