import { RegistryRejectedError } from '../../core/errors.js';
import { hostPort } from '../../net/ip-address.js';
import { leasedFrom } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { EtcdLayout } from './etcd-options.js';

/** Where everything is kept that we have to know of an instance, whatever its health. No key of the default layout begins like that. */
const OURS = '/rollcall/';

/** The key of our own record of an instance. */
export function recordKey({ name, id }: InstanceKey): string {
  return `${recordsOf(name)}${part(id)}`;
}

/** What the keys of all records of a service, and none but theirs, begin with. */
export function recordsOf(name: string): string {
  return `${OURS}${part(name)}/`;
}

/** What other readers find of an instance while it passes. */
export interface Publication {
  readonly key: string;
  readonly value: string;
}

/**
 * etcd's own `naming/endpoints`: gRPC clients that are given `etcd:///<name>` dial what they find under `<name>/`. An instance without a port is
 * nothing to dial. Nobody reads the metadata but those who know of it.
 */
export const namingEndpoints: EtcdLayout = ({ name, id, address, port, tags, meta, weights }) => {
  if (address === undefined || port === undefined) return undefined;
  const value = { Op: 0, Addr: hostPort(address, port), Metadata: { id, tags, meta, ...(weights && { weights }) } };
  return { key: `${part(name)}/${part(id)}`, value: JSON.stringify(value) };
};

/** What the layout makes of an instance. Throws `RegistryRejectedError` when that cannot be used: to a layout of the user's own it may be anything. */
export function publicationOf(instance: ServiceInstance, layout: EtcdLayout): Publication | undefined {
  let made: unknown;
  try {
    made = layout(instance);
  } catch (cause) {
    throw new RegistryRejectedError(`etcd({ layout }) threw for ${instance.id}`, { registry: 'etcd', cause });
  }
  if (made === undefined) return undefined;
  const { key, value } = (made ?? {}) as { key?: unknown; value?: unknown };
  if (typeof key === 'string' && key !== '' && !key.startsWith(OURS) && typeof value === 'string')
    return { key, value };
  throw new RegistryRejectedError(
    `etcd({ layout }) has to give { key, value }, two texts, for ${instance.id}; a key must not be empty nor begin with ${OURS}`,
    { registry: 'etcd' },
  );
}

/** True for what other readers are to find: where they cannot see a status, only an instance that passes is there. */
export function isPublished({ beat, maintenance }: LeasedInstance): boolean {
  return beat.status === 'passing' && maintenance === undefined;
}

/** Our record of an instance, and where other readers find it. */
export interface EtcdRecord {
  readonly leased: LeasedInstance;
  /** Undefined: nothing is there for others just now. */
  readonly publishedAt: string | undefined;
}

export function encodeRecord({ leased, publishedAt }: EtcdRecord): string {
  return JSON.stringify({ ...leased, ...(publishedAt !== undefined && { publishedAt }) });
}

/** Undefined for what is no record. */
export function decodeRecord(text: string): EtcdRecord | undefined {
  const { publishedAt, ...rest } = (parsed(text) ?? {}) as { publishedAt?: unknown };
  const leased = leasedFrom(rest);
  return leased && { leased, publishedAt: typeof publishedAt === 'string' ? publishedAt : undefined };
}

/** The least of seconds that covers a lease: etcd counts in whole ones. */
export function leaseSeconds(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs / 1000));
}

/** As the JSON gateway wants bytes. */
export function toBytes(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function fromBytes(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** The end of the range of all keys that begin with `prefix`, which ends in a slash. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

/** A name or id as one part of a key: without a slash, different for each, and also for half a surrogate pair, which UTF-8 cannot carry. */
function part(text: string): string {
  return text.replace(/[%/\p{Cs}]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
