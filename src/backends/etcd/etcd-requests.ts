import type { InstanceKey } from '../../contracts/service-instance.js';
import { decodeRecord, encodeRecord, fromBytes, recordKey, toBytes } from './etcd-codec.js';
import type { EtcdRecord, Publication } from './etcd-codec.js';

/** What etcd has under the record key of an instance. */
export interface Stored {
  /** Undefined if the value is not a record of ours. */
  readonly record: EtcdRecord | undefined;
  /** `'0'`: no lease, so the key never expires. */
  readonly lease: string;
  readonly revision: string;
}

/** A record of ours, on a lease. */
export interface LeasedRecord extends Stored {
  readonly record: EtcdRecord;
}

/** The lease of a key that never expires, which means that another program wrote it. */
export const NO_LEASE = '0';

/** Reads the record of an instance. */
export function rangeOf(key: InstanceKey): object {
  return { key: toBytes(recordKey(key)) };
}

/** Removes an entry that is on no lease, unless it has changed since it was read. */
export function deleteRequest(key: InstanceKey, { record, revision }: Stored): object {
  const keys = [recordKey(key), ...(record?.publishedAt === undefined ? [] : [record.publishedAt])];
  return { compare: [isAt(recordKey(key), revision)], success: keys.map(deletion) };
}

/** Writes a record and what it publishes for other readers onto a lease, unless it has changed since `before`. */
export function writeRequest(
  record: EtcdRecord,
  publication: Publication | undefined,
  lease: string,
  before: Stored | undefined,
): object {
  const key = recordKey(record.leased.instance);
  const publishedBefore = before?.record?.publishedAt;
  const success = [
    put(key, encodeRecord(record), lease),
    ...(publication === undefined ? [] : [put(publication.key, publication.value, lease)]),
    ...(publishedBefore === undefined || publishedBefore === publication?.key ? [] : [deletion(publishedBefore)]),
  ];
  return { compare: [isAt(key, before?.revision ?? '0')], success };
}

export function decodeStored({ value = '', mod_revision = '0', lease = '0' }: KeyValue): Stored {
  return { record: decodeRecord(fromBytes(value)), lease, revision: mod_revision };
}

function put(key: string, value: string, lease: string): object {
  return { request_put: { key: toBytes(key), value: toBytes(value), lease } };
}

function deletion(key: string): object {
  return { request_delete_range: { key: toBytes(key) } };
}

/** Condition: the key was last written at `revision`; `'0'` if it does not exist. */
export function isAt(key: string, revision: string): object {
  return { key: toBytes(key), target: 'MOD', result: 'EQUAL', mod_revision: revision };
}

export function isOn(key: string, lease: string): object {
  return { key: toBytes(key), target: 'LEASE', result: 'EQUAL', lease };
}

interface KeyValue {
  readonly value?: string;
  readonly mod_revision?: string;
  readonly lease?: string;
}

export interface RangeAnswer {
  readonly kvs?: readonly KeyValue[];
}
