import type { Departure, DepartureAnswer, DepartureRequest } from '../../contracts/departure.js';
import { keyOf } from '../../contracts/service-instance.js';
import { departed } from '../../instance/leased-instance.js';
import type { EtcdClient } from './etcd-client.js';
import { recordKey } from './etcd-codec.js';
import type { EtcdLayout } from './etcd-options.js';
import { decodeStored, deleteRequest, isLeasedRecord, rangeOf, writeRequest } from './etcd-requests.js';
import type { LeasedRecord, Stored } from './etcd-requests.js';
import { parseJson } from './etcd-stream.js';
import type { RangeAnswer } from './etcd-transaction.js';

interface DepartureParts {
  readonly client: EtcdClient;
  readonly layout: EtcdLayout;
  /** Our own entry as last written or read. */
  readonly entry: LeasedRecord | undefined;
}

/**
 * Describes how the 'exit' event leaves etcd; nothing while no connection is open. `entry` needs no look: its lease is
 * ours alone, and a write compares its revision. A record that only a look shows may name the lease of another owner,
 * so its keys are removed and the lease is left to its TTL.
 */
export function etcdDepartures(
  { instance, policy }: DepartureRequest,
  { client, layout, entry }: DepartureParts,
): Departure[] {
  const connections = client.openConnections();
  if (connections.length === 0) return [];
  const key = keyOf(instance);
  const leave = (stored: LeasedRecord): Buffer => {
    const { lease, record } = stored;
    const next = departed(record.leased, policy);
    if (next !== undefined) return client.bytesOf('/kv/txn', writeRequest(next, lease, stored, layout).request);
    return lease === entry?.lease
      ? client.bytesOf('/lease/revoke', { ID: lease })
      : client.bytesOf('/kv/txn', deleteRequest(key, stored));
  };
  const look = {
    request: client.bytesOf('/kv/range', rangeOf(key)),
    next: (answer: DepartureAnswer) => {
      const found = storedIn(answer, recordKey(key), layout);
      return isLeasedRecord(found) && found.record.leased.instance.nonce === key.nonce ? leave(found) : undefined;
    },
  };
  return [{ kind: 'http', connections, ...(entry && { request: leave(entry) }), look }];
}

/** Undefined for an answer without an entry. */
function storedIn({ text }: DepartureAnswer, key: string, layout: EtcdLayout): Stored | undefined {
  const { kvs } = (parseJson(text) ?? {}) as RangeAnswer;
  return kvs?.[0] && decodeStored(key, kvs[0], layout);
}
