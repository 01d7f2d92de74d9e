import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import { isGood, meansNoLease } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import type { EtcdClient, EtcdRequest } from './etcd-client.js';
import { endOf, isPublished, leaseSeconds, publicationOf, recordKey, recordsOf, toBytes } from './etcd-codec.js';
import type { EtcdRecord } from './etcd-codec.js';
import { notEtcd, refusal } from './etcd-errors.js';
import type { EtcdLayout } from './etcd-options.js';
import { decodeStored, deleteRequest, isAt, isOn, rangeOf, writeRequest } from './etcd-requests.js';
import type { LeasedRecord, RangeAnswer, Stored } from './etcd-requests.js';

/** The operation of a request, its connection pool, and the signal that ends it. */
export interface RequestContext {
  readonly operation: string;
  readonly pool?: EtcdRequest['pool'];
  readonly signal: AbortSignal;
}

/** etcd's own verbs on records and their leases, one request each. Each write is one transaction. */
export class EtcdStore {
  readonly #client: EtcdClient;
  readonly #layout: EtcdLayout;

  constructor(client: EtcdClient, layout: EtcdLayout) {
    this.#client = client;
    this.#layout = layout;
  }

  /** Throws `RegistryRejectedError` if the layout returns something for the instance that cannot be written. */
  assertLayout(instance: ServiceInstance): void {
    publicationOf(instance, this.#layout);
  }

  async find(key: InstanceKey, context: RequestContext): Promise<Stored | undefined> {
    const { kvs = [] } = (await this.#sendExpectingGood('/kv/range', rangeOf(key), context)) as RangeAnswer;
    return kvs[0] && decodeStored(kvs[0]);
  }

  async list(service: string, context: RequestContext): Promise<EtcdRecord[]> {
    const prefix = recordsOf(service);
    const { kvs = [] } = (await this.#sendExpectingGood(
      '/kv/range',
      { key: toBytes(prefix), range_end: toBytes(endOf(prefix)) },
      context,
    )) as RangeAnswer;
    return kvs.flatMap((kv) => decodeStored(kv).record ?? []);
  }

  /** Resolves to the id of a new lease. */
  async grant(ttlMs: number, context: RequestContext): Promise<string> {
    const { ID } = (await this.#sendExpectingGood('/lease/grant', { TTL: leaseSeconds(ttlMs) }, context)) as {
      ID?: string;
    };
    if (ID === undefined) throw notEtcd(context.operation, this.#client.shown);
    return ID;
  }

  /** Renews the lease. Resolves to its TTL in milliseconds; undefined if the lease has ended. */
  async keepAlive(lease: string, context: RequestContext): Promise<number | undefined> {
    const answer = await this.#send('/lease/keepalive', { ID: lease }, context);
    if (meansNoLease(answer)) return undefined;
    const { result } = this.#expectGood(answer, context) as { result?: { ID?: string; TTL?: string } };
    if (result?.ID === undefined) throw notEtcd(context.operation, this.#client.shown);
    return result.TTL === undefined ? undefined : Number(result.TTL) * 1000;
  }

  /** Ends a lease and removes every key on it. A lease that has already ended is success. */
  async revoke(lease: string, context: RequestContext): Promise<void> {
    const answer = await this.#send('/lease/revoke', { ID: lease }, context);
    if (!meansNoLease(answer)) this.#expectGood(answer, context);
  }

  /** Removes an entry that is on no lease, unless it has changed since it was read. */
  async delete(key: InstanceKey, stored: Stored, context: RequestContext): Promise<void> {
    await this.#sendExpectingGood('/kv/txn', deleteRequest(key, stored), context);
  }

  /** The transaction that writes a record onto a lease, and the record that it writes. */
  writeRequest(
    leased: LeasedInstance,
    lease: string,
    before: Stored | undefined,
  ): { readonly request: object; readonly record: EtcdRecord } {
    const publication = isPublished(leased) ? publicationOf(leased.instance, this.#layout) : undefined;
    const record = { leased, publishedAt: publication?.key };
    return { request: writeRequest(record, publication, lease, before), record };
  }

  /**
   * Writes a record onto a lease, together with what it publishes for other readers. Resolves to the written record;
   * undefined if the record has changed since `before` was read, or `lease` has ended.
   */
  async write(
    leased: LeasedInstance,
    lease: string,
    before: Stored | undefined,
    context: RequestContext,
  ): Promise<LeasedRecord | undefined> {
    const { request, record } = this.writeRequest(leased, lease, before);
    const answer = await this.#send('/kv/txn', request, context);
    if (meansNoLease(answer)) return undefined;
    const { succeeded, header } = this.#expectGood(answer, context) as TxnAnswer;
    if (succeeded !== true) return undefined;
    if (header?.revision === undefined) throw notEtcd(context.operation, this.#client.shown);
    return { record, lease, revision: header.revision };
  }

  /** True if the record and its publication are as they were written. Costs no write. */
  async isIntact(
    { record: { leased, publishedAt }, lease, revision }: LeasedRecord,
    context: RequestContext,
  ): Promise<boolean> {
    const compare = [
      isAt(recordKey(leased.instance), revision),
      ...(publishedAt === undefined ? [] : [isOn(publishedAt, lease)]),
    ];
    const { succeeded } = (await this.#sendExpectingGood('/kv/txn', { compare }, context)) as TxnAnswer;
    return succeeded === true;
  }

  /** One long poll: resolves once a key of the record has been written or removed. */
  async change(
    { record: { leased, publishedAt }, revision }: LeasedRecord,
    { operation, signal }: RequestContext,
  ): Promise<void> {
    const keys = [recordKey(leased.instance), ...(publishedAt === undefined ? [] : [publishedAt])];
    const start_revision = String(BigInt(revision) + 1n);
    const body = keys.map((key) => ({ create_request: { key: toBytes(key), start_revision } }));
    // For each watch, the first line says that it was created.
    const answer = await this.#client.send(
      { operation, path: '/watch', pool: 'poll', body, lines: keys.length + 1 },
      signal,
    );
    this.#expectGood(answer, { operation, signal });
  }

  #send(path: string, body: object, { operation, pool = 'call', signal }: RequestContext): Promise<Answer> {
    return this.#client.send({ operation, path, pool, body }, signal);
  }

  async #sendExpectingGood(path: string, body: object, context: RequestContext): Promise<object> {
    return this.#expectGood(await this.#send(path, body, context), context);
  }

  #expectGood(answer: Answer, { operation }: RequestContext): object {
    if (answer.status === 200 && answer.body === undefined) throw notEtcd(operation, this.#client.shown);
    if (!isGood(answer)) throw refusal(answer, operation, this.#client.shown);
    return answer.body as object;
  }
}

interface TxnAnswer {
  readonly succeeded?: boolean;
  readonly header?: { readonly revision?: string };
}
