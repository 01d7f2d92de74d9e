import type { DiscoveredInstance, RegistryNews, WatchedFrom } from '../../contracts/discovery.js';
import { toDiscovered } from '../../instance/leased-instance.js';
import { isGood } from './etcd-answer.js';
import type { EtcdClient } from './etcd-client.js';
import { endOf, fromBytes, idOfRecord, namingEndpoints, publicationsOf, recordsOf, toBytes } from './etcd-codec.js';
import { notEtcd, refusal } from './etcd-errors.js';
import { decodeStored, isLeasedRecord } from './etcd-requests.js';
import { int64Of } from './etcd-transaction.js';
import type { KeyValue } from './etcd-transaction.js';
import { canceled, isCompacted } from './etcd-watch.js';
import type { WatchMessage } from './etcd-watch.js';

interface WatchEvent {
  /** Absent for a write. */
  readonly type?: unknown;
  readonly kv?: KeyValue;
}

/**
 * What a watch is of: the records of a service, or its keys for other readers. A record that passes without its key is
 * out of traffic, and no write of the record tells that.
 */
interface Watched {
  readonly service: string;
  readonly prefix: string;
  readonly of: 'records' | 'publications';
}

type Result = NonNullable<WatchMessage['result']>;

/**
 * Follows services of the usual layout over one stream, until etcd ends it. The gateway takes nothing more once it
 * answers, so a stream has all its services from the start; the last request asks for its progress, since a stream of
 * no services has to answer too.
 */
export async function watchServices(
  client: EtcdClient,
  services: readonly WatchedFrom[],
  onNews: (news: RegistryNews) => void,
  { operation, signal }: { readonly operation: string; readonly signal: AbortSignal },
): Promise<void> {
  const watched = services.flatMap(({ service }): Watched[] => [
    { service, prefix: recordsOf(service), of: 'records' },
    { service, prefix: publicationsOf(service), of: 'publications' },
  ]);
  const body = services.flatMap(({ service, revision }) =>
    [recordsOf(service), publicationsOf(service)].map((prefix) => ({
      create_request: {
        key: toBytes(prefix),
        range_end: toBytes(endOf(prefix)),
        ...(revision !== undefined && { start_revision: String(revision + 1) }),
      },
    })),
  );
  const reader = new StreamReader(watched, (news) => {
    if (!signal.aborted) onNews(news);
  });
  const isLast = (message: unknown) => reader.read(message);
  const answer = await client.send(
    { operation, path: '/watch', pool: 'poll', body: [...body, { progress_request: {} }], isLast, cap: 'list' },
    signal,
  );
  if (answer.status === 200 && answer.body === undefined) throw notEtcd(operation, client.shown);
  if (!isGood(answer)) throw refusal(answer, operation, client.shown);
  if ((answer.body as WatchMessage).result?.canceled === true) throw canceled(answer, operation, client.shown);
}

/** Reads the messages of one stream. */
class StreamReader {
  readonly #watched: readonly Watched[];
  readonly #onNews: (news: RegistryNews) => void;
  readonly #byId = new Map<string, Watched>();
  #created = 0;
  #isOpen = false;

  constructor(watched: readonly Watched[], onNews: (news: RegistryNews) => void) {
    this.#watched = watched;
    this.#onNews = onNews;
  }

  /** True for a message that ends the stream, and must be an error. */
  read(message: unknown): boolean {
    const { result } = (message ?? {}) as WatchMessage;
    if (result === undefined) return true;
    const watched = this.#of(result);
    if (result.canceled === true) {
      if (watched === undefined) return true;
      if (isCompacted(result)) this.#onNews({ kind: 'lost', service: watched.service });
      // A reader with a right to the records alone goes by what they say.
      else if (watched.of === 'records') return true;
    }
    if (!this.#isOpen && this.#created === this.#watched.length) {
      this.#isOpen = true;
      this.#onNews({ kind: 'open', revision: numberOf(result.header?.revision) });
    }
    if (watched !== undefined) this.#tell(watched, (result.events ?? []) as readonly WatchEvent[]);
    return false;
  }

  /** The watch of the message. Each one is created in its turn, also if it is canceled at once and never has an id. */
  #of({ created, canceled, watch_id = '0' }: Result): Watched | undefined {
    if (created !== true) return this.#byId.get(watch_id);
    const watched = this.#watched[this.#created];
    this.#created += 1;
    if (watched !== undefined && canceled !== true) this.#byId.set(watch_id, watched);
    return watched;
  }

  #tell({ service, prefix, of }: Watched, events: readonly WatchEvent[]): void {
    for (const [revision, changed] of byRevision(events)) {
      if (of === 'publications') {
        this.#onNews({ kind: 'hint', service, revision });
        continue;
      }
      const present: DiscoveredInstance[] = [];
      const gone: string[] = [];
      for (const { type, kv = {} } of changed) {
        const key = fromBytes(kv.key ?? '');
        const stored = type === 'DELETE' ? undefined : decodeStored(key, kv, namingEndpoints);
        if (isLeasedRecord(stored)) present.push(toDiscovered(stored.record.leased));
        else gone.push(idOfRecord(prefix, key));
      }
      this.#onNews({ kind: 'changed', service, revision, present, gone });
    }
  }
}

/** The events of each revision, in order. A deletion has the revision of the deletion. */
function byRevision(events: readonly WatchEvent[]): ReadonlyMap<number, WatchEvent[]> {
  const all = new Map<number, WatchEvent[]>();
  for (const event of events) {
    const revision = numberOf(event.kv?.mod_revision);
    if (revision === undefined) continue;
    const same = all.get(revision) ?? [];
    same.push(event);
    all.set(revision, same);
  }
  return all;
}

/** A revision; undefined for what is none that can be counted. */
export function numberOf(int64: unknown): number | undefined {
  const number = Number(int64Of(int64) ?? NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}
