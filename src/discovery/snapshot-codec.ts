import { createHash } from 'node:crypto';
import type { DiscoveredInstance } from '../contracts/discovery.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import { isDiscovered } from './is-discovered.js';
import { resolveInstance } from './resolve-instance.js';
import type { SavedService, SnapshotKey } from './saved-service.js';

/** Raise the number when the meaning of the body changes: other versions do not read it, and save anew. */
const MAGIC = 'rollcall-snapshot 1';

/** The file: a line with the version and the checksum of the rest, then the rest as JSON. */
export function encodeSnapshot(key: SnapshotKey, savedAt: number, instances: readonly ResolvedInstance[]): string {
  const body = JSON.stringify({ ...key, savedAt, instances: instances.map(withoutDerived) });
  return `${MAGIC} ${checksumOf(body)}\n${body}`;
}

/** Undefined for bytes that are damaged, of another version, or of another service. */
export function decodeSnapshot(key: SnapshotKey, bytes: Buffer): SavedService | undefined {
  const end = bytes.indexOf('\n');
  const body = bytes.subarray(end + 1);
  if (end < 0 || bytes.subarray(0, end).toString('latin1') !== `${MAGIC} ${checksumOf(body)}`) return undefined;
  return savedFrom(key, parse(body.toString('utf8')));
}

/** What the checksum covers may still come from a program that computes it, so its shape is checked too. */
function savedFrom(key: SnapshotKey, value: unknown): SavedService | undefined {
  const { registry, service, datacenter, savedAt, instances } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isOfKey = registry === key.registry && service === key.service && datacenter === key.datacenter;
  if (!isOfKey || typeof savedAt !== 'number' || !Array.isArray(instances) || !instances.every(isDiscovered))
    return undefined;
  return { savedAt, instances: Object.freeze(instances.map(resolveInstance)) };
}

/** What is derived from the rest is not kept, so that it follows the rules of the program that reads. */
function withoutDerived({ origin: _origin, zone: _zone, tls: _tls, ...read }: ResolvedInstance): DiscoveredInstance {
  return read;
}

function checksumOf(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
