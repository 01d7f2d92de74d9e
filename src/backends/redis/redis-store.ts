import { createHash } from 'node:crypto';
import { RegistryUnavailableError } from '../../core/errors.js';
import { inSlices } from '../../core/sliced-json.js';
import { printable } from '../../core/printable.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import { tooLong } from './redis-answer-limit.js';
import { decodeEntry, encodeEntry, entryKey, indexKey } from './redis-codec.js';
import type { RedisCaps } from './redis-answer-limit.js';
import { MOST_ELEMENTS } from './redis-commands.js';
import type { SetPage } from './redis-commands.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisRequest } from './redis-errors.js';
import { HostConnection } from './redis-host-connection.js';
import type { RedisTarget } from './redis-options.js';
import { subscribeTo } from './redis-hints.js';
import type { Hints } from './redis-hints.js';
import { OwnConnection, openerOf } from './redis-own-connection.js';
import { DEPART, EXTEND, LONGEST_ENTRY, READ, REMOVE, SWAP, SWEEP } from './redis-scripts.js';

type Key = Pick<InstanceKey, 'name' | 'id'>;

/** What Redis has under the key of an entry. */
export interface StoredEntry {
  /** SHA-1 of the bytes. */
  readonly version: string;
  /** Undefined if there is nothing, or something that is no entry. */
  readonly leased: LeasedInstance | undefined;
}

/** The result of a change: a new entry, no entry, or the entry as it is. */
export type Outcome = LeasedInstance | 'gone' | 'as it is';

/** The entry's TTL after the change, in milliseconds, or its remaining one. */
export type Lease = number | 'as it was';

/** A write of an entry that failed. */
export interface FailedWrite {
  readonly error: unknown;
  /** The entry that it was made for. */
  readonly current: StoredEntry;
  readonly wanted: LeasedInstance;
}

export interface Change {
  readonly operation: string;
  readonly key: Key;
  readonly lease: Lease;
  /** Where it is known already. */
  readonly expected?: StoredEntry | undefined;
  /** Throws to stop. */
  readonly to: (current: LeasedInstance | undefined) => Outcome;
  /** Resolves to the entry that counts as the result, or rejects. @default rejects with the error */
  readonly onFailedWrite?: (failed: FailedWrite) => Promise<StoredEntry>;
}

/**
 * Each try starts from the text that the last one found, so only other clients that write without a pause use up all
 * tries.
 */
const MOST_TRIES = 4;

/** Ids per request: a script for all of them would block Redis, and a reply with all entries would block the host. */
const PAGE = 500;
/** Empty pages come from a set that has shrunk. */
const MOST_PAGES = 1_000;

const VERSION_LENGTH = 40;

/** One key per instance, whose TTL is the lease, and one index of ids per service. */
export class RedisStore {
  readonly #connection: RedisConnection;
  readonly #caps: RedisCaps;
  readonly #target: RedisTarget;
  readonly #closeController = new AbortController();

  constructor(target: RedisTarget) {
    const { place, shown, caps } = target;
    this.#target = target;
    this.#caps = caps;
    this.#connection =
      place.kind === 'client' ? new HostConnection(place.client, shown) : new OwnConnection(place, shown, caps);
  }

  close(): void {
    this.#closeController.abort();
    this.#connection.close();
  }

  /** Tells hints of services, over a connection of its own. Rejects with the signal's reason, or when it breaks. */
  async watch(services: readonly string[], tell: Hints, signal: AbortSignal): Promise<void> {
    const { place, shown } = this.#target;
    if (place.kind === 'client') return;
    const opener = openerOf(place);
    const open = (end: AbortSignal) => opener.open(end);
    await subscribeTo(services, { open, shown }, tell, AbortSignal.any([signal, this.#closeController.signal]));
  }

  async read(operation: string, key: Key, signal: AbortSignal): Promise<StoredEntry> {
    return stored((await this.#run(operation, READ, key, [], signal)) ?? '');
  }

  /**
   * Replaces an entry by what `to` returns, in one request if its version is still the expected one. A request that
   * arrives late never changes a newer entry. Resolves to the entry that is there now.
   */
  async change(
    { operation, key, lease, expected, to, onFailedWrite }: Change,
    signal: AbortSignal,
  ): Promise<StoredEntry> {
    let current = expected ?? (await this.read(operation, key, signal));
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const outcome = to(current.leased);
      if (outcome === 'as it is') return current;
      if (outcome === 'gone') {
        const found = await this.remove(operation, key, current, signal);
        if (found === undefined) return absent;
        current = found;
        continue;
      }
      const text = encodeEntry(outcome);
      const words = [current.version, key.id, text, lease === 'as it was' ? '' : String(Math.ceil(lease))];
      try {
        const found = await this.#run(operation, SWAP, key, words, signal);
        if (found === undefined) return { version: versionOf(text), leased: outcome };
        current = stored(found);
      } catch (error) {
        signal.throwIfAborted();
        if (onFailedWrite === undefined) throw error;
        return onFailedWrite({ error, current, wanted: outcome });
      }
    }
    throw new RegistryUnavailableError(
      `Other clients keep changing the entry ${key.id} in Redis, so ${operation} wrote nothing: ` +
        'find the program that writes to the keys rollcall:*',
      { registry: 'redis', operation },
    );
  }

  /** Removes an entry; works while Redis is out of memory. Resolves to the entry that is there instead, if any. */
  async remove(
    operation: string,
    key: Key,
    expected: StoredEntry,
    signal: AbortSignal,
  ): Promise<StoredEntry | undefined> {
    const found = await this.#run(operation, REMOVE, key, [expected.version, key.id], signal);
    return found === undefined ? undefined : stored(found);
  }

  /** Removes this incarnation's entry, whatever was written to it; works while Redis is out of memory. */
  async removeOwn(operation: string, key: Key & { readonly nonce: string }, signal: AbortSignal): Promise<void> {
    await this.#run(operation, DEPART, key, [key.nonce, key.id, ''], signal);
  }

  /** Extends the lease of an entry; works while Redis is out of memory. False if another entry is there. */
  async extend(
    operation: string,
    key: Key,
    expected: StoredEntry,
    leaseMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const words = [expected.version, String(Math.ceil(leaseMs))];
    return (await this.#run(operation, EXTEND, key, words, signal)) === undefined;
  }

  /**
   * Sends one command that removes this incarnation's entry or replaces it by `wanted`, and waits for no answer. Sends
   * nothing while no connection is open.
   */
  depart({ name, id, nonce }: ServiceInstance, wanted: LeasedInstance | undefined): void {
    const words = [nonce, id, wanted === undefined ? '' : encodeEntry(wanted)];
    this.#connection
      .now()
      ?.eval(DEPART, keysOf({ name, id }), words)
      .catch(() => undefined);
  }

  /** Lists all entries of a service by pages. Removes ids without an entry from the index, if that is permitted. */
  async list(operation: string, service: string, signal: AbortSignal): Promise<LeasedInstance[]> {
    const found = new Map<string, LeasedInstance>();
    const request = { operation, keys: printable(indexKey(service)), answer: 'list' } as const;
    let mayWrite = true;
    let size = 0;
    let seen = 0;
    let cursor = '0';
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const page = await this.#page(request, service, cursor, signal);
      seen += page.members.length;
      if (seen > MOST_ELEMENTS) break;
      for (const ids of slices(page.members)) {
        const keys = ids.map((id) => entryKey(service, id));
        const texts = await this.#connection.ask(request, signal, (redis) => redis.mget(keys));
        size += texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
        if (size > this.#caps.list.bytes) throw tooLong(`The list of ${printable(service)} in Redis`, this.#caps.list);
        await inSlices(decoding(ids, texts, found), signal);
        const dead = ids.filter((_, at) => texts[at] === undefined);
        if (dead.length > 0 && mayWrite) mayWrite = await this.#sweep(request, service, dead, signal);
      }
      ({ cursor } = page);
      if (cursor === '0') return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, leased]) => leased);
    }
    throw new RegistryUnavailableError(
      `The set ${request.keys} in Redis has more than ${String(MOST_ELEMENTS)} ids, so it was not read: ` +
        'find the program that writes to it',
      { registry: 'redis', operation },
    );
  }

  #page(request: RedisRequest, service: string, cursor: string, signal: AbortSignal): Promise<SetPage> {
    return this.#connection.ask({ ...request, answer: 'ids' }, signal, (redis) =>
      redis.sscan(indexKey(service), cursor, PAGE),
    );
  }

  /** Cleans the index. False if Redis refused it, because a reader may lack the permission to write. */
  async #sweep(request: RedisRequest, service: string, dead: readonly string[], signal: AbortSignal): Promise<boolean> {
    const keys = [indexKey(service), ...dead.map((id) => entryKey(service, id))];
    try {
      await this.#connection.ask({ ...request, answer: 'look' }, signal, (redis) => redis.eval(SWEEP, keys, dead));
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  #run(operation: string, script: string, key: Key, words: readonly string[], signal: AbortSignal) {
    const keys = keysOf(key);
    const request = { operation, keys: keys.map((each) => printable(each)).join(' or '), answer: 'look' } as const;
    return this.#connection.ask(request, signal, (redis) => redis.eval(script, keys, words));
  }
}

const absent: StoredEntry = { version: versionOf(''), leased: undefined };

/** The keys of the scripts for one entry. */
function keysOf({ name, id }: Key): readonly string[] {
  return [entryKey(name, id), indexKey(name)];
}

/** The reply of READ: the version, and the text. */
function stored(reply: string): StoredEntry {
  return { version: reply.slice(0, VERSION_LENGTH), leased: decoded(reply.slice(VERSION_LENGTH)) };
}

/** Undefined for a text that is longer than any entry of ours, which would take long to parse. */
function decoded(text: string): LeasedInstance | undefined {
  return text === '' || text.length > LONGEST_ENTRY ? undefined : decodeEntry(text);
}

/** Steps that decode a page of entries. */
function* decoding(
  ids: readonly string[],
  texts: readonly (string | undefined)[],
  found: Map<string, LeasedInstance>,
): Generator<undefined, void> {
  for (const [at, id] of ids.entries()) {
    const leased = decoded(texts[at] ?? '');
    if (leased !== undefined) found.set(id, leased);
    yield;
  }
}

function versionOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

function* slices(ids: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < ids.length; from += PAGE) yield ids.slice(from, from + PAGE);
}
