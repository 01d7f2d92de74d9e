import { RegistryRejectedError, asError } from '../../core/errors.js';
import { printable } from '../../core/printable.js';
import { hostPort } from '../../net/ip-address.js';
import { leasedFrom } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { EtcdLayout } from './etcd-options.js';
import { parseJson } from './etcd-stream.js';

/**
 * Prefix of our own records, which hold all that we need to know of an instance, whatever its health. No key of the
 * default layout begins with it.
 */
export const ALL_RECORDS = '/rollcall/';

/** The most of a thrown error's message that our message quotes. */
const LONGEST_CAUSE = 200;

/** The key of our record of an instance. */
export function recordKey({ name, id }: InstanceKey): string {
  return `${recordsOf(name)}${encodeSegment(id)}`;
}

/** The prefix of the keys of a service's records, and of no other keys. */
export function recordsOf(name: string): string {
  return `${ALL_RECORDS}${encodeSegment(name)}/`;
}

/** The id of the instance whose record has this key, of a service whose records have this prefix. */
export function idOfRecord(prefix: string, key: string): string {
  return key
    .slice(prefix.length)
    .replace(/%(25|2F|D[89A-F][0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** The prefix of the keys that `namingEndpoints` publishes of a service. */
export function publicationsOf(name: string): string {
  return `${encodeSegment(name)}/`;
}

/** What other readers find of an instance while it is passing. */
export interface Publication {
  readonly key: string;
  readonly value: string;
}

/**
 * etcd's own `naming/endpoints` layout: gRPC clients with the target `etcd:///<name>` dial what they find under
 * `<name>/`. An instance without a port publishes nothing, since it cannot be dialled. gRPC ignores the metadata,
 * which is for readers that know it.
 */
export const namingEndpoints: EtcdLayout = ({ name, id, address, port, tags, meta, weights }) => {
  if (address === undefined || port === undefined) return undefined;
  const value = { Op: 0, Addr: hostPort(address, port), Metadata: { id, tags, meta, ...(weights && { weights }) } };
  return { key: `${publicationsOf(name)}${encodeSegment(id)}`, value: JSON.stringify(value) };
};

/**
 * Returns what the layout publishes of an instance. Throws `RegistryRejectedError` if that cannot be used: a user's
 * own layout may return anything.
 */
export function publicationOf(instance: ServiceInstance, layout: EtcdLayout): Publication | undefined {
  let published: unknown;
  try {
    published = layout(instance);
  } catch (cause) {
    const why = printable(asError(cause).message, LONGEST_CAUSE);
    throw new RegistryRejectedError(
      `The function etcd({ layout }) threw (${why}), so ${instance.id} is not registered: ` +
        'make it return { key, value }',
      { registry: 'etcd', cause },
    );
  }
  if (published === undefined) return undefined;
  const { key, value } = (published ?? {}) as { key?: unknown; value?: unknown };
  if (typeof key === 'string' && key !== '' && !key.startsWith(ALL_RECORDS) && typeof value === 'string')
    return { key, value };
  throw new RegistryRejectedError(
    `The function etcd({ layout }) returned no usable key and value, so ${instance.id} is not registered: ` +
      `make it return { key, value }, two texts, with a key that is not empty and does not begin with ${ALL_RECORDS}`,
    { registry: 'etcd' },
  );
}

/**
 * True if other readers should find the instance. They cannot see a status, so only a passing instance is published.
 */
export function isPublished({ beat, maintenance }: LeasedInstance): boolean {
  return beat.status === 'passing' && maintenance === undefined;
}

/** Our record of an instance, and the key under which other readers find it. */
export interface EtcdRecord {
  readonly leased: LeasedInstance;
  /** Undefined while nothing is published. */
  readonly publishedAt: string | undefined;
}

export function encodeRecord({ leased, publishedAt }: EtcdRecord): string {
  return JSON.stringify({ ...leased, ...(publishedAt !== undefined && { publishedAt }) });
}

/** Undefined if the text is not a record. */
export function decodeRecord(text: string): EtcdRecord | undefined {
  const { publishedAt, ...rest } = (parseJson(text) ?? {}) as { publishedAt?: unknown };
  const leased = leasedFrom(rest);
  return leased && { leased, publishedAt: typeof publishedAt === 'string' ? publishedAt : undefined };
}

/** The TTL of a lease in seconds, rounded up: etcd counts in whole ones. */
export function leaseSeconds(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs / 1000));
}

/** Encodes bytes as the JSON gateway expects them. */
export function toBytes(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function fromBytes(base64: string): string {
  return Buffer.from(base64, 'base64').toString();
}

/** The exclusive end of the range of keys that begin with `prefix`, which ends in a slash. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

/**
 * Encodes a name or id as one segment of a key: without a slash, and distinct for distinct texts. Half of a surrogate
 * pair, which UTF-8 cannot carry, is encoded too.
 */
function encodeSegment(text: string): string {
  return text.replace(/[%/\p{Cs}]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
