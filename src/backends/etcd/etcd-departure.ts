import type { Departure, DepartureAnswer, DepartureRequest } from '../../contracts/departure.js';
import { keyOf } from '../../contracts/service-instance.js';
import { departed } from '../../instance/leased-instance.js';
import type { EtcdClient } from './etcd-client.js';
import { NO_LEASE, decodeStored, deleteRequest, rangeOf } from './etcd-requests.js';
import type { LeasedRecord, RangeAnswer, Stored } from './etcd-requests.js';
import type { EtcdStore } from './etcd-store.js';

/**
 * Describes how the 'exit' event leaves etcd; nothing while no connection is open. `entry`: our own as last written,
 * which needs no look: its lease is ours alone, and a write compares its revision.
 */
export function etcdDepartures(
  { instance, policy }: DepartureRequest,
  { client, store, entry }: { client: EtcdClient; store: EtcdStore; entry: LeasedRecord | undefined },
): Departure[] {
  const connections = client.openConnections();
  if (connections.length === 0) return [];
  const key = keyOf(instance);
  const leave = (stored: Stored): Buffer => {
    const { lease, record } = stored;
    const next = record && departed(record.leased, policy);
    if (next !== undefined) return client.bytesOf('/kv/txn', store.writeRequest(next, lease, stored).request);
    return lease === NO_LEASE
      ? client.bytesOf('/kv/txn', deleteRequest(key, stored))
      : client.bytesOf('/lease/revoke', { ID: lease });
  };
  const look = {
    request: client.bytesOf('/kv/range', rangeOf(key)),
    next: (answer: DepartureAnswer) => {
      const found = storedIn(answer);
      return found === undefined || found.record?.leased.instance.nonce !== key.nonce ? undefined : leave(found);
    },
  };
  return [{ kind: 'http', connections, ...(entry && { request: leave(entry) }), look }];
}

/** Undefined for an answer without an entry. */
function storedIn({ text }: DepartureAnswer): Stored | undefined {
  try {
    const [kv] = (JSON.parse(text) as RangeAnswer).kvs ?? [];
    return kv && decodeStored(kv);
  } catch {
    return undefined;
  }
}
