import { RegistryUnavailableError } from '../../core/errors.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import { decodeEntry, encodeEntry, entryKey, indexKey } from './redis-codec.js';
import { connectionTo } from './redis-connection.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisTarget } from './redis-options.js';

/** The result of a change: a new entry, no entry, or the entry as it is. */
export type Outcome = LeasedInstance | 'gone' | 'as it is';

/** The entry's TTL after the change, in milliseconds, or its remaining one. */
export type Lease = number | 'as it was';

/** Stands for the text of an entry that does not exist. */
const ABSENT = '';

/**
 * Compare and swap: writes or removes an entry if it still has the expected text, and updates the index. The index
 * lives as long as the entry in it with the longest TTL. Returns nothing on success, else the text that is there
 * instead.
 */
const SWAP = `
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] then return held end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[2], ARGV[3])
  return false
end
if ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') \
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4]) end
redis.call('SADD', KEYS[2], ARGV[3])
local lease = redis.call('PTTL', KEYS[1])
if redis.call('PTTL', KEYS[2]) < lease then redis.call('PEXPIRE', KEYS[2], lease) end
return false`;

/**
 * Removes an entry of this incarnation, or replaces it by another text for the rest of its TTL. Compares the nonce, so
 * that it holds whatever was written to the entry meanwhile.
 */
const DEPART = `
local held = redis.call('GET', KEYS[1])
if not held then return false end
local ok, entry = pcall(cjson.decode, held)
if not ok or type(entry) ~= 'table' or type(entry.instance) ~= 'table' then return false end
if entry.instance.nonce ~= ARGV[1] then return false end
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') return false end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[3])
return false`;

/** Removes ids from the index if they have no entry at this very moment. */
const SWEEP = `
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', KEYS[1], ARGV[i - 1]) end
end`;

/**
 * Each try starts from the text that the last one found, so only other clients that write without a pause use up all
 * tries.
 */
const MOST_TRIES = 4;

/** One key per instance, whose TTL is the lease, and one index of ids per service. */
export class RedisStore {
  readonly #connection: RedisConnection;

  constructor(target: RedisTarget) {
    this.#connection = connectionTo(target);
  }

  close(): void {
    this.#connection.close();
  }

  async read(operation: string, { name, id }: Pick<InstanceKey, 'name' | 'id'>, signal: AbortSignal): Promise<string> {
    return (await this.#connection.ask(operation, signal, (redis) => redis.get(entryKey(name, id)))) ?? ABSENT;
  }

  /**
   * Replaces an entry by what `change` returns, in one request if its text is still `expected`. A request that arrives
   * late never changes a newer entry. Resolves to the text that is there now. Rejects with what `change` throws.
   */
  async change(
    operation: string,
    { name, id }: Pick<InstanceKey, 'name' | 'id'>,
    lease: Lease,
    expected: string | undefined,
    change: (current: LeasedInstance | undefined) => Outcome,
    signal: AbortSignal,
  ): Promise<string> {
    let current = expected ?? (await this.read(operation, { name, id }, signal));
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const outcome = change(decodeEntry(current));
      if (outcome === 'as it is') return current;
      const wanted = outcome === 'gone' ? ABSENT : encodeEntry(outcome);
      const words = [current, wanted, id, lease === 'as it was' ? '' : String(Math.ceil(lease))];
      const found = await this.#connection.ask(operation, signal, (redis) =>
        redis.eval(SWAP, [entryKey(name, id), indexKey(name)], words),
      );
      if (found === undefined) return wanted;
      current = found;
    }
    throw new RegistryUnavailableError(
      `Other clients keep changing the entry ${id} in Redis, so ${operation} wrote nothing: find the program that ` +
        'writes to the keys rollcall:*',
      { registry: 'redis', operation },
    );
  }

  /**
   * Sends one command that removes this incarnation's entry or replaces it by `wanted`, and waits for no answer. Sends
   * nothing while no connection is open.
   */
  depart({ name, id, nonce }: ServiceInstance, wanted: LeasedInstance | undefined): void {
    const words = [nonce, wanted === undefined ? ABSENT : encodeEntry(wanted), id];
    this.#connection
      .now()
      ?.eval(DEPART, [entryKey(name, id), indexKey(name)], words)
      .catch(() => undefined);
  }

  /** Lists all entries of a service. Removes ids that have no entry from the index, if that is permitted. */
  async list(operation: string, service: string, signal: AbortSignal): Promise<LeasedInstance[]> {
    const index = indexKey(service);
    const ids = (await this.#connection.ask(operation, signal, (redis) => redis.smembers(index))).sort();
    if (ids.length === 0) return [];
    const keys = ids.map((id) => entryKey(service, id));
    const texts = await this.#connection.ask(operation, signal, (redis) => redis.mget(keys));
    const dead = ids.filter((_, at) => texts[at] === undefined);
    if (dead.length > 0) await this.#sweep(operation, service, dead, signal);
    return texts.map((text) => decodeEntry(text ?? ABSENT)).filter((leased) => leased !== undefined);
  }

  /** Cleans the index. Ignores failures, because a reader may lack the permission to write. */
  async #sweep(operation: string, service: string, dead: readonly string[], signal: AbortSignal): Promise<void> {
    const keys = [indexKey(service), ...dead.map((id) => entryKey(service, id))];
    await this.#connection.ask(operation, signal, (redis) => redis.eval(SWEEP, keys, dead)).catch(() => undefined);
    signal.throwIfAborted();
  }
}
