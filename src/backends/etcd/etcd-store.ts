import { visitSlicedJson } from '../../core/sliced-json.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import { isGood } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import type { EtcdClient, EtcdRequest } from './etcd-client.js';
import { endOf, fromBytes, leaseSeconds, publicationOf, recordKey, recordsOf, toBytes } from './etcd-codec.js';
import { notEtcd, refusal } from './etcd-errors.js';
import { means } from './etcd-meanings.js';
import type { EtcdLayout } from './etcd-options.js';
import { NO_LEASE, decodeStored, deleteRequest, isLeasedRecord, rangeOf, writeRequest } from './etcd-requests.js';
import type { LeasedRecord, Stored } from './etcd-requests.js';
import { MOST_OPERATIONS, deletion, int64Of, isAt, isOn, look, revisionOf } from './etcd-transaction.js';
import type { KeyValue, RangeAnswer, Transaction, TransactionAnswer } from './etcd-transaction.js';
import { watchKeys } from './etcd-watch.js';
import type { WatchOutcome } from './etcd-watch.js';

/** The operation of a request, its connection pool, and the signal that ends it. */
export interface RequestContext {
  readonly operation: string;
  readonly pool?: EtcdRequest['pool'];
  readonly signal: AbortSignal;
}

/** What a list has found. */
export interface RecordList {
  readonly records: readonly LeasedRecord[];
  /** Undefined if the answer has none. */
  readonly revision: string | undefined;
}

/** A longer one in a list is not ours: it is left out. */
const LONGEST_RECORD = 1024 * 1024;
/** A list that is longer is none of a service: 32 MiB hold a third of it. */
const MOST_RECORDS = 100_000;

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
    const { kvs } = (await this.#sendExpectingGood('/kv/range', rangeOf(key), context)) as RangeAnswer;
    return kvs?.[0] && decodeStored(recordKey(key), kvs[0], this.#layout);
  }

  /** The records of a service, and the revision at which they were so. */
  async list(service: string, context: RequestContext): Promise<RecordList> {
    const prefix = recordsOf(service);
    const range = { key: toBytes(prefix), range_end: toBytes(endOf(prefix)) };
    const answer = await this.#send('/kv/range', range, { ...context, cap: 'list' });
    if (answer.list === undefined) throw refusal(answer, context.operation, this.#client.shown);
    const records: LeasedRecord[] = [];
    const body: Record<string, unknown> = {};
    let seen = 0;
    const visit = (value: unknown, key: string | undefined) => {
      if (key !== undefined) {
        body[key] = value;
        return;
      }
      seen += 1;
      if (seen > MOST_RECORDS) throw new TypeError(`it lists more than ${String(MOST_RECORDS)} keys`);
      const kv = value as KeyValue;
      const stored = decodeStored(fromBytes(kv.key ?? ''), kv, this.#layout);
      if (isLeasedRecord(stored)) records.push(stored);
    };
    await visitSlicedJson(answer.list, { within: 'kvs', longest: LONGEST_RECORD }, visit, context.signal).catch(
      (cause: unknown) => {
        context.signal.throwIfAborted();
        throw notEtcd(context.operation, this.#client.shown, cause);
      },
    );
    this.#expectGood({ ...answer, body }, context);
    return { records, revision: revisionOf(body) };
  }

  /**
   * Of records that pass, those that other readers do not find: their owner could only remove that key, see
   * `withhold`.
   */
  async withheld(records: readonly LeasedRecord[], context: RequestContext): Promise<ReadonlySet<LeasedRecord>> {
    const gone = new Set<LeasedRecord>();
    const claimed = records.flatMap((stored) =>
      stored.record.publishedAt === undefined ? [] : [{ stored, key: stored.record.publishedAt }],
    );
    for (let start = 0; start < claimed.length; start += MOST_OPERATIONS) {
      const batch = claimed.slice(start, start + MOST_OPERATIONS);
      const { succeeded, responses = [] } = await this.#transact(
        {
          compare: batch.map(({ stored, key }) => isOn(key, stored.lease)),
          failure: batch.map(({ key }) => look(key)),
        },
        context,
      );
      if (succeeded !== true)
        batch.forEach(({ stored }, index) => {
          const [found] = responses[index]?.response_range?.kvs ?? [];
          if (found === undefined || (found.lease ?? NO_LEASE) !== stored.lease) gone.add(stored);
        });
    }
    return gone;
  }

  /** Resolves to the id of a new lease. */
  async grant(ttlMs: number, context: RequestContext): Promise<string> {
    const { ID } = (await this.#sendExpectingGood('/lease/grant', { TTL: leaseSeconds(ttlMs) }, context)) as {
      ID?: unknown;
    };
    const lease = int64Of(ID);
    if (lease === undefined) throw notEtcd(context.operation, this.#client.shown);
    return lease;
  }

  /** Renews the lease. Resolves to its TTL in milliseconds; undefined if the lease has ended. */
  async keepAlive(lease: string, context: RequestContext): Promise<number | undefined> {
    const answer = await this.#send('/lease/keepalive', { ID: lease }, context);
    if (means(answer, 'no lease')) return undefined;
    const { result } = this.#expectGood(answer, context) as { result?: { ID?: string; TTL?: unknown } };
    if (result?.ID === undefined) throw notEtcd(context.operation, this.#client.shown);
    if (result.TTL === undefined) return undefined;
    const seconds = Number(int64Of(result.TTL));
    if (!(seconds > 0)) throw notEtcd(context.operation, this.#client.shown);
    return seconds * 1000;
  }

  /** Ends a lease and removes every key on it. A lease that has already ended is success. */
  async revoke(lease: string, context: RequestContext): Promise<void> {
    const answer = await this.#send('/lease/revoke', { ID: lease }, context);
    if (!means(answer, 'no lease')) this.#expectGood(answer, context);
  }

  /** The keys on a lease; undefined if it has ended, or if etcd does not say. */
  async keysOn(lease: string, context: RequestContext): Promise<string[] | undefined> {
    const answer = await this.#send('/lease/timetolive', { ID: lease, keys: true }, context);
    const { keys = [], TTL } = (isGood(answer) ? answer.body : {}) as { keys?: readonly string[]; TTL?: unknown };
    return TTL === undefined || TTL === '-1' ? undefined : keys.map(fromBytes);
  }

  /**
   * Ends the lease of a former owner, which a record of any writer may name: only if no key is on it any more. etcd
   * ends any other lease when its TTL is over.
   */
  async endLease(lease: string, context: RequestContext): Promise<void> {
    if (lease === NO_LEASE || (await this.keysOn(lease, context))?.length !== 0) return;
    await this.#send('/lease/revoke', { ID: lease }, context);
  }

  /** Removes an entry unless it has changed since it was read; false if it has. */
  async delete(key: InstanceKey, stored: Stored, context: RequestContext): Promise<boolean> {
    return (await this.#transact(deleteRequest(key, stored), context)).succeeded === true;
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
    const { request, record } = writeRequest(leased, lease, before, this.#layout);
    const answer = await this.#send('/kv/txn', request, context);
    if (means(answer, 'no lease')) return undefined;
    const body = this.#expectGood(answer, context) as TransactionAnswer;
    if (body.succeeded !== true) return undefined;
    return { record, lease, revision: this.#revisionOf(body, context) };
  }

  /**
   * Removes the key for other readers and keeps record and lease. etcd does that when it takes no write, since the
   * transaction contains none. False if the record has changed since it was read.
   */
  async withhold({ record, revision }: LeasedRecord, context: RequestContext): Promise<boolean> {
    const { leased, publishedAt } = record;
    const success = publishedAt === undefined ? [] : [deletion(publishedAt)];
    const request = { compare: [isAt(recordKey(leased.instance), revision)], success };
    return (await this.#transact(request, context)).succeeded === true;
  }

  /**
   * Resolves to the newest revision at which the record and its publication are as they were written; undefined if they
   * are not. Costs no write.
   */
  async verify(
    { record: { leased, publishedAt }, lease, revision }: LeasedRecord,
    context: RequestContext,
  ): Promise<string | undefined> {
    const compare = [
      isAt(recordKey(leased.instance), revision),
      ...(publishedAt === undefined ? [] : [isOn(publishedAt, lease)]),
    ];
    const answer = await this.#transact({ compare }, context);
    return answer.succeeded === true ? this.#revisionOf(answer, context) : undefined;
  }

  /** One long poll for a change of the entry after a revision. */
  change(
    { record: { leased, publishedAt } }: LeasedRecord,
    after: string,
    context: RequestContext,
  ): Promise<WatchOutcome> {
    const keys = [recordKey(leased.instance), ...(publishedAt === undefined ? [] : [publishedAt])];
    return watchKeys(this.#client, keys, after, context);
  }

  #revisionOf(answer: TransactionAnswer, { operation }: RequestContext): string {
    const revision = revisionOf(answer);
    if (revision === undefined) throw notEtcd(operation, this.#client.shown);
    return revision;
  }

  async #transact(request: Transaction, context: RequestContext): Promise<TransactionAnswer> {
    return this.#sendExpectingGood('/kv/txn', request, context);
  }

  #send(
    path: string,
    body: object,
    { operation, pool = 'call', signal, cap }: RequestContext & Pick<EtcdRequest, 'cap'>,
  ): Promise<Answer> {
    return this.#client.send({ operation, path, pool, body, ...(cap && { cap }) }, signal);
  }

  async #sendExpectingGood(
    path: string,
    body: object,
    context: RequestContext & Pick<EtcdRequest, 'cap'>,
  ): Promise<object> {
    return this.#expectGood(await this.#send(path, body, context), context);
  }

  #expectGood(answer: Answer, { operation }: RequestContext): object {
    if (answer.status === 200 && answer.body === undefined) throw notEtcd(operation, this.#client.shown);
    if (!isGood(answer)) throw refusal(answer, operation, this.#client.shown);
    return answer.body as object;
  }
}
