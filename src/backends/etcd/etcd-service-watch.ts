import type { DiscoveredInstance, RegistryNews, WatchedFrom } from '../../contracts/discovery.js';
import { toDiscovered } from '../../instance/leased-instance.js';
import { isGood } from './etcd-answer.js';
import type { EtcdClient } from './etcd-client.js';
import {
  ALL_RECORDS,
  endOf,
  fromBytes,
  idOfRecord,
  namingEndpoints,
  publicationsOf,
  recordsOf,
  toBytes,
} from './etcd-codec.js';
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
 * What a watch is of: the records of services, or their keys for other readers. A record that passes without its key is
 * out of traffic, and no write of the record tells that.
 */
interface Watched {
  readonly of: 'records' | 'publications';
  /** Those that it is there for, by the prefix of their keys; it may tell of other keys too. */
  readonly services: ReadonlyMap<string, string>;
  /** The first key, and the first one after all. */
  readonly range: readonly [from: string, until: string];
  /** The first revision to tell of. */
  readonly revision: number | undefined;
  /** True if a reader without a right to the keys goes by the records alone. */
  readonly isDispensable: boolean;
}

type Result = NonNullable<WatchMessage['result']>;

/**
 * The gateway discards what it has not read of a request when it begins to answer. So few watches are asked for: beyond
 * so many services, one of all records and one of the keys between those of the services.
 */
const MOST_BY_THEMSELVES = 20;

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
  const watched = services.length > MOST_BY_THEMSELVES ? together(services) : services.flatMap(byItself);
  const body = watched.map(({ of, range: [from, until], revision, isDispensable }) => ({
    create_request: {
      key: toBytes(from),
      range_end: toBytes(until),
      ...(revision !== undefined && { start_revision: String(revision) }),
      // What others write between the keys of the services is no news.
      ...(of === 'publications' && !isDispensable && { filters: ['NOPUT'] }),
    },
  }));
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

function byItself({ service, revision }: WatchedFrom): Watched[] {
  const of = (kind: Watched['of'], prefix: string): Watched => ({
    of: kind,
    services: new Map([[prefix, service]]),
    range: [prefix, endOf(prefix)],
    revision: revision === undefined ? undefined : revision + 1,
    isDispensable: kind === 'publications',
  });
  return [of('records', recordsOf(service)), of('publications', publicationsOf(service))];
}

function together(services: readonly WatchedFrom[]): Watched[] {
  const revisions = services.flatMap(({ revision }) => revision ?? []);
  const revision = revisions.length === 0 ? undefined : Math.min(...revisions) + 1;
  const byPrefix = (prefixOf: (service: string) => string) =>
    new Map(services.map(({ service }) => [prefixOf(service), service]));
  const publications = byPrefix(publicationsOf);
  // As etcd orders them: by their bytes.
  const prefixes = [...publications.keys()].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const common = { revision, isDispensable: false };
  return [
    { ...common, of: 'records', services: byPrefix(recordsOf), range: [ALL_RECORDS, endOf(ALL_RECORDS)] },
    {
      ...common,
      of: 'publications',
      services: publications,
      range: [prefixes[0] ?? '', endOf(prefixes.at(-1) ?? '')],
    },
  ];
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
      if (isCompacted(result)) for (const service of watched.services.values()) this.#onNews({ kind: 'lost', service });
      else if (!watched.isDispensable) return true;
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

  #tell({ of, services }: Watched, events: readonly WatchEvent[]): void {
    for (const { prefix, revision, changed } of grouped(events)) {
      const service = services.get(prefix);
      if (service === undefined) continue;
      if (of === 'publications') {
        this.#onNews({ kind: 'hint', service, revision });
        continue;
      }
      const present: DiscoveredInstance[] = [];
      const gone: string[] = [];
      for (const { key, kv, isDeletion } of changed) {
        const stored = isDeletion ? undefined : decodeStored(key, kv, namingEndpoints);
        if (isLeasedRecord(stored)) present.push(toDiscovered(stored.record.leased));
        else gone.push(idOfRecord(prefix, key));
      }
      this.#onNews({ kind: 'changed', service, revision, present, gone });
    }
  }
}

/** What happened to the keys of one prefix at one revision. */
interface Group {
  readonly prefix: string;
  readonly revision: number;
  readonly changed: { readonly key: string; readonly kv: KeyValue; readonly isDeletion: boolean }[];
}

/** In order. The last segment of a key is an id. A deletion has the revision of the deletion. */
function grouped(events: readonly WatchEvent[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const { type, kv = {} } of events) {
    const revision = numberOf(kv.mod_revision);
    if (revision === undefined) continue;
    const key = fromBytes(kv.key ?? '');
    const prefix = key.slice(0, key.lastIndexOf('/') + 1);
    const group = groups.get(`${String(revision)} ${prefix}`) ?? { prefix, revision, changed: [] };
    group.changed.push({ key, kv, isDeletion: type === 'DELETE' });
    groups.set(`${String(revision)} ${prefix}`, group);
  }
  return groups.values();
}

/** A revision; undefined for what is none that can be counted. */
export function numberOf(int64: unknown): number | undefined {
  const number = Number(int64Of(int64) ?? NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}
