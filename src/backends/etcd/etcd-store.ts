import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import { isGood, meansNoLease } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import type { EtcdClient, EtcdRequest } from './etcd-client.js';
import {
  decodeRecord,
  encodeRecord,
  endOf,
  fromBytes,
  isPublished,
  leaseSeconds,
  publicationOf,
  recordKey,
  recordsOf,
  toBytes,
} from './etcd-codec.js';
import type { EtcdRecord } from './etcd-codec.js';
import { notEtcd, refusal } from './etcd-errors.js';
import type { EtcdLayout } from './etcd-options.js';

/** What is kept under the record key of an instance. */
export interface Stored {
  /** Undefined: it is none of ours. */
  readonly record: EtcdRecord | undefined;
  /** `'0'`: it would stay for ever. */
  readonly lease: string;
  readonly revision: string;
}

/** A record of ours, on a lease. */
export interface Held extends Stored {
  readonly record: EtcdRecord;
}

/** Who asks, and until when. */
export interface Asking {
  readonly operation: string;
  readonly pool?: EtcdRequest['pool'];
  readonly signal: AbortSignal;
}

/** etcd's own verbs, each one request, on records and on the leases that they live on. What is written goes in one transaction, or not at all. */
export class EtcdStore {
  readonly #client: EtcdClient;
  readonly #layout: EtcdLayout;

  constructor(client: EtcdClient, layout: EtcdLayout) {
    this.#client = client;
    this.#layout = layout;
  }

  /** Throws `RegistryRejectedError` when the layout makes nothing of the instance that can be written. */
  assertLayout(instance: ServiceInstance): void {
    publicationOf(instance, this.#layout);
  }

  async find(key: InstanceKey, asking: Asking): Promise<Stored | undefined> {
    const { kvs = [] } = (await this.#good('/kv/range', { key: toBytes(recordKey(key)) }, asking)) as RangeAnswer;
    return kvs[0] && stored(kvs[0]);
  }

  async list(service: string, asking: Asking): Promise<EtcdRecord[]> {
    const prefix = recordsOf(service);
    const { kvs = [] } = (await this.#good(
      '/kv/range',
      { key: toBytes(prefix), range_end: toBytes(endOf(prefix)) },
      asking,
    )) as RangeAnswer;
    return kvs.flatMap((kv) => stored(kv).record ?? []);
  }

  /** Resolves to the new lease. */
  async grant(ttlMs: number, asking: Asking): Promise<string> {
    const { ID } = (await this.#good('/lease/grant', { TTL: leaseSeconds(ttlMs) }, asking)) as { ID?: string };
    if (ID === undefined) throw notEtcd(asking.operation, this.#client.shown);
    return ID;
  }

  /** Resolves to how long the lease lives from now on; undefined when there is no such lease. */
  async keepAlive(lease: string, asking: Asking): Promise<number | undefined> {
    const answer = await this.#send('/lease/keepalive', { ID: lease }, asking);
    if (meansNoLease(answer)) return undefined;
    const { result } = this.#expectGood(answer, asking) as { result?: { ID?: string; TTL?: string } };
    if (result?.ID === undefined) throw notEtcd(asking.operation, this.#client.shown);
    return result.TTL === undefined ? undefined : Number(result.TTL) * 1000;
  }

  /** Ends a lease and all that is on it by now; one that has ended is fine. */
  async revoke(lease: string, asking: Asking): Promise<void> {
    const answer = await this.#send('/lease/revoke', { ID: lease }, asking);
    if (!meansNoLease(answer)) this.#expectGood(answer, asking);
  }

  /** Removes what is on no lease, unless it has changed since. */
  async delete(key: InstanceKey, { record, revision }: Stored, asking: Asking): Promise<void> {
    const keys = [recordKey(key), ...(record?.publishedAt === undefined ? [] : [record.publishedAt])];
    const request = { compare: [isAt(recordKey(key), revision)], success: keys.map(deletion) };
    await this.#good('/kv/txn', request, asking);
  }

  /**
   * Writes a record, and for other readers what it makes of itself, onto a lease. Resolves to what holds then; undefined when it has changed
   * since `before` was read, or `lease` has ended.
   */
  async write(
    leased: LeasedInstance,
    lease: string,
    before: Stored | undefined,
    asking: Asking,
  ): Promise<Held | undefined> {
    const publication = isPublished(leased) ? publicationOf(leased.instance, this.#layout) : undefined;
    const record = { leased, publishedAt: publication?.key };
    const formerly = before?.record?.publishedAt;
    const success = [
      put(recordKey(leased.instance), encodeRecord(record), lease),
      ...(publication === undefined ? [] : [put(publication.key, publication.value, lease)]),
      ...(formerly === undefined || formerly === publication?.key ? [] : [deletion(formerly)]),
    ];
    const answer = await this.#send(
      '/kv/txn',
      { compare: [isAt(recordKey(leased.instance), before?.revision ?? '0')], success },
      asking,
    );
    if (meansNoLease(answer)) return undefined;
    const { succeeded, header } = this.#expectGood(answer, asking) as TxnAnswer;
    if (succeeded !== true) return undefined;
    if (header?.revision === undefined) throw notEtcd(asking.operation, this.#client.shown);
    return { record, lease, revision: header.revision };
  }

  /** Whether everything is as it was written. Costs no write. */
  async isIntact({ record: { leased, publishedAt }, lease, revision }: Held, asking: Asking): Promise<boolean> {
    const compare = [
      isAt(recordKey(leased.instance), revision),
      ...(publishedAt === undefined ? [] : [isOn(publishedAt, lease)]),
    ];
    const { succeeded } = (await this.#good('/kv/txn', { compare }, asking)) as TxnAnswer;
    return succeeded === true;
  }

  /** Resolves once anything of it has been written or removed since. Held for as long as nothing is. */
  async change({ record: { leased, publishedAt }, revision }: Held, { operation, signal }: Asking): Promise<void> {
    const keys = [recordKey(leased.instance), ...(publishedAt === undefined ? [] : [publishedAt])];
    const start_revision = String(BigInt(revision) + 1n);
    const body = keys.map((key) => ({ create_request: { key: toBytes(key), start_revision } }));
    // One line a watch says that it has begun.
    const answer = await this.#client.send(
      { operation, path: '/watch', pool: 'poll', body, lines: keys.length + 1 },
      signal,
    );
    this.#expectGood(answer, { operation, signal });
  }

  #send(path: string, body: object, { operation, pool = 'call', signal }: Asking): Promise<Answer> {
    return this.#client.send({ operation, path, pool, body }, signal);
  }

  async #good(path: string, body: object, asking: Asking): Promise<object> {
    return this.#expectGood(await this.#send(path, body, asking), asking);
  }

  #expectGood(answer: Answer, { operation }: Asking): object {
    if (answer.status === 200 && answer.body === undefined) throw notEtcd(operation, this.#client.shown);
    if (!isGood(answer)) throw refusal(answer, operation, this.#client.shown);
    return answer.body as object;
  }
}

function stored({ value = '', mod_revision = '0', lease = '0' }: KeyValue): Stored {
  return { record: decodeRecord(fromBytes(value)), lease, revision: mod_revision };
}

function put(key: string, value: string, lease: string): object {
  return { request_put: { key: toBytes(key), value: toBytes(value), lease } };
}

function deletion(key: string): object {
  return { request_delete_range: { key: toBytes(key) } };
}

/** Last written then; `'0'`: not there. */
function isAt(key: string, revision: string): object {
  return { key: toBytes(key), target: 'MOD', result: 'EQUAL', mod_revision: revision };
}

function isOn(key: string, lease: string): object {
  return { key: toBytes(key), target: 'LEASE', result: 'EQUAL', lease };
}

interface KeyValue {
  readonly value?: string;
  readonly mod_revision?: string;
  readonly lease?: string;
}

interface RangeAnswer {
  readonly kvs?: readonly KeyValue[];
}

interface TxnAnswer {
  readonly succeeded?: boolean;
  readonly header?: { readonly revision?: string };
}
