import type { DiscoveredInstance, RegistryNews, WatchedFrom } from '../../contracts/discovery.js';
import { untilNotified } from '../../core/abort.js';
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

interface StreamContext {
  readonly operation: string;
  readonly signal: AbortSignal;
}

/**
 * Follows services of the usual layout until etcd ends that. There are two streams of one watch each, since the gateway
 * discards what it has not read of a request when it begins to answer: of 40 watches in one request, some are lost in a
 * third of all requests, and of six now and then. So a stream takes no more services once it is open.
 */
export async function watchServices(
  client: EtcdClient,
  services: readonly WatchedFrom[],
  onNews: (news: RegistryNews) => void,
  { operation, signal }: StreamContext,
): Promise<void> {
  const ended = new AbortController();
  const context = { operation, signal: AbortSignal.any([signal, ended.signal]) };
  const watched = services.length === 1 ? services.flatMap(byItself) : together(services);
  const opening = new Set(watched);
  // One stream may tell something before the other one is open.
  const early: RegistryNews[] = [];
  let revision: number | undefined;
  const onOpen = (which: Watched, at: number | undefined) => {
    if (which.of === 'records') revision = at;
    if (context.signal.aborted) return;
    if (!opening.delete(which) || opening.size > 0) return;
    for (const news of [{ kind: 'open', revision } as const, ...early]) onNews(news);
  };
  const onStreamNews = (news: RegistryNews) => {
    if (opening.size > 0) early.push(news);
    else if (!context.signal.aborted) onNews(news);
  };
  const streams = watched.map((which) => watch(client, which, { onNews: onStreamNews, onOpen, ...context }));
  try {
    await Promise.race(streams);
  } finally {
    ended.abort(new Error('the other stream has ended'));
  }
}

async function watch(
  client: EtcdClient,
  watched: Watched,
  { operation, signal, onNews, onOpen }: StreamContext & StreamListeners,
): Promise<void> {
  const { of, range, revision, isDispensable } = watched;
  const [from, until] = range;
  const request = {
    create_request: {
      key: toBytes(from),
      range_end: toBytes(until),
      ...(revision !== undefined && { start_revision: String(revision) }),
      // What others write between the keys of the services is no news.
      ...(of === 'publications' && !isDispensable && { filters: ['NOPUT'] }),
    },
  };
  const reader = new StreamReader(watched, { onNews, onOpen });
  const isLast = (message: unknown) => reader.read(message);
  const answer = await client.send(
    { operation, path: '/watch', pool: 'poll', body: [request], isLast, cap: 'list' },
    signal,
  );
  if (answer.status === 200 && answer.body === undefined) throw notEtcd(operation, client.shown);
  if (!isGood(answer)) throw refusal(answer, operation, client.shown);
  const { result } = answer.body as WatchMessage;
  if (result?.canceled !== true) return;
  if (!isDispensable || isCompacted(result)) throw canceled(answer, operation, client.shown);
  // A reader with a right to the records alone goes by these.
  onOpen(watched, undefined);
  await untilNotified(() => () => undefined, signal);
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

interface StreamListeners {
  readonly onNews: (news: RegistryNews) => void;
  /** Called once the watch is there, with the revision of etcd. */
  readonly onOpen: (watched: Watched, revision: number | undefined) => void;
}

/** Reads the messages of one stream. */
class StreamReader {
  readonly #watched: Watched;
  readonly #listeners: StreamListeners;

  constructor(watched: Watched, listeners: StreamListeners) {
    this.#watched = watched;
    this.#listeners = listeners;
  }

  /** True for the message that ends the stream. */
  read(message: unknown): boolean {
    const { result } = (message ?? {}) as WatchMessage;
    if (result === undefined) return true;
    if (result.canceled === true && !isCompacted(result)) return true;
    if (result.created === true) this.#listeners.onOpen(this.#watched, numberOf(result.header?.revision));
    if (result.canceled === true)
      for (const service of this.#watched.services.values()) this.#listeners.onNews({ kind: 'lost', service });
    this.#tell((result.events ?? []) as readonly WatchEvent[]);
    return false;
  }

  #tell(events: readonly WatchEvent[]): void {
    const { of, services } = this.#watched;
    const { onNews } = this.#listeners;
    for (const { prefix, revision, changed } of grouped(events)) {
      const service = services.get(prefix);
      if (service === undefined) continue;
      if (of === 'publications') {
        onNews({ kind: 'hint', service, revision });
        continue;
      }
      const present: DiscoveredInstance[] = [];
      const gone: string[] = [];
      for (const { key, kv, isDeletion } of changed) {
        const stored = isDeletion ? undefined : decodeStored(key, kv, namingEndpoints);
        if (isLeasedRecord(stored)) present.push(toDiscovered(stored.record.leased));
        else gone.push(idOfRecord(prefix, key));
      }
      onNews({ kind: 'changed', service, revision, present, gone });
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
