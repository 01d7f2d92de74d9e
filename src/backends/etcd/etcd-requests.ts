import type { InstanceKey } from '../../contracts/service-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { decodeRecord, encodeRecord, fromBytes, isPublished, publicationOf, recordKey, toBytes } from './etcd-codec.js';
import type { EtcdRecord } from './etcd-codec.js';
import type { EtcdLayout } from './etcd-options.js';
import { deletion, int64Of, isAt, put } from './etcd-transaction.js';
import type { KeyValue, Transaction } from './etcd-transaction.js';

/** What etcd has under the record key of an instance. */
export interface Stored {
  /** Undefined if the value is not a record of ours. */
  readonly record: EtcdRecord | undefined;
  /** `'0'`: no lease, so the key never expires. */
  readonly lease: string;
  /** The revision that wrote the key. */
  readonly revision: string;
}

/** A record of ours, on a lease. */
export interface LeasedRecord extends Stored {
  readonly record: EtcdRecord;
}

/** The lease of a key that never expires, which means that another program wrote it. */
export const NO_LEASE = '0';

export function isLeasedRecord(stored: Stored | undefined): stored is LeasedRecord {
  return stored?.record !== undefined;
}

/** Reads the record of an instance. */
export function rangeOf(key: InstanceKey): object {
  return { key: toBytes(recordKey(key)) };
}

/** Removes an entry unless it has changed since it was read. */
export function deleteRequest(key: InstanceKey, { record, revision }: Stored): Transaction {
  const keys = [recordKey(key), ...(record?.publishedAt === undefined ? [] : [record.publishedAt])];
  return { compare: [isAt(recordKey(key), revision)], success: keys.map(deletion) };
}

/**
 * Writes a record, and what it publishes for other readers, onto a lease unless it has changed since `before` was read.
 * Returns the transaction and the record that it writes.
 */
export function writeRequest(
  leased: LeasedInstance,
  lease: string,
  before: Stored | undefined,
  layout: EtcdLayout,
): { readonly request: Transaction; readonly record: EtcdRecord } {
  const publication = isPublished(leased) ? publicationOf(leased.instance, layout) : undefined;
  const record = { leased, publishedAt: publication?.key };
  const key = recordKey(leased.instance);
  const publishedBefore = before?.record?.publishedAt;
  const success = [
    put(key, encodeRecord(record), lease),
    ...(publication === undefined ? [] : [put(publication.key, publication.value, lease)]),
    ...(publishedBefore === undefined || publishedBefore === publication?.key ? [] : [deletion(publishedBefore)]),
  ];
  return { request: { compare: [isAt(key, before?.revision ?? '0')], success }, record };
}

/** Others write records too: one counts only under its own key, and names only the key that our layout yields. */
export function decodeStored(key: string, { value = '', mod_revision, lease }: KeyValue, layout: EtcdLayout): Stored {
  const record = decodeRecord(fromBytes(value));
  const isOurs = record !== undefined && recordKey(record.leased.instance) === key;
  return {
    record: isOurs ? { ...record, publishedAt: verifiedKey(record, layout) } : undefined,
    lease: int64Of(lease) ?? NO_LEASE,
    revision: int64Of(mod_revision) ?? '0',
  };
}

function verifiedKey({ leased, publishedAt }: EtcdRecord, layout: EtcdLayout): string | undefined {
  try {
    return publicationOf(leased.instance, layout)?.key === publishedAt ? publishedAt : undefined;
  } catch {
    // The layout throws for what another program wrote.
    return undefined;
  }
}
