import { RegistryUnavailableError } from '../../core/errors.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { InstanceKey } from '../../contracts/service-instance.js';
import { decodeEntry, encodeEntry, entryKey, indexKey } from './redis-codec.js';
import { connectionTo } from './redis-connection.js';
import type { RedisConnection } from './redis-connection.js';
import type { RedisTarget } from './redis-options.js';

/** What a change leaves: another entry, none, or all as it is. */
export type Outcome = LeasedInstance | 'gone' | 'as it is';

/** How long the entry lives from now on: so many milliseconds, or as long as it would have. */
export type Lease = number | 'as it was';

/** The text of an entry that is not there. */
const ABSENT = '';

/**
 * Writes an entry, or removes it, if it is still what it was taken for, and keeps the set of ids, which lives as long as the entry in it
 * that lives longest. Answers nothing when it did, else what is there instead.
 */
const SWAP = `
local held = redis.call('GET', KEYS[1]) or ''
if held ~= ARGV[1] then return held end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[2], ARGV[3])
  return false
end
if ARGV[4] == '' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4]) end
redis.call('SADD', KEYS[2], ARGV[3])
local lease = redis.call('PTTL', KEYS[1])
if redis.call('PTTL', KEYS[2]) < lease then redis.call('PEXPIRE', KEYS[2], lease) end
return false`;

/** Takes those ids out of the set that have no entry at this very moment. */
const SWEEP = `
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', KEYS[1], ARGV[i - 1]) end
end`;

/** Each try takes its picture from the last one's answer: so many are only used up by others who write without a pause. */
const MOST_TRIES = 4;

/** One key an instance, whose life is its lease, and one set of ids a service. */
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
   * Makes of an entry what `change` says, in one request if it is still the text `believed`. A change never meets another entry than the one
   * it was made for, however late it arrives. Resolves to the text that is there now; rejects with what `change` throws.
   */
  async change(
    operation: string,
    { name, id }: Pick<InstanceKey, 'name' | 'id'>,
    lease: Lease,
    believed: string | undefined,
    change: (held: LeasedInstance | undefined) => Outcome,
    signal: AbortSignal,
  ): Promise<string> {
    let held = believed ?? (await this.read(operation, { name, id }, signal));
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const outcome = change(decodeEntry(held));
      if (outcome === 'as it is') return held;
      const wanted = outcome === 'gone' ? ABSENT : encodeEntry(outcome);
      const words = [held, wanted, id, lease === 'as it was' ? '' : String(Math.ceil(lease))];
      const found = await this.#connection.ask(operation, signal, (redis) =>
        redis.eval(SWAP, [entryKey(name, id), indexKey(name)], words),
      );
      if (found === undefined) return wanted;
      held = found;
    }
    throw new RegistryUnavailableError(`Others keep writing the entry of ${id} in Redis: it could not ${operation}`, {
      registry: 'redis',
      operation,
    });
  }

  /** All entries of a service. Ids that have none any more are taken out of the set on the way, where that is allowed. */
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

  /** A courtesy: a reader may lack the right to write. */
  async #sweep(operation: string, service: string, dead: readonly string[], signal: AbortSignal): Promise<void> {
    const keys = [indexKey(service), ...dead.map((id) => entryKey(service, id))];
    await this.#connection.ask(operation, signal, (redis) => redis.eval(SWEEP, keys, dead)).catch(() => undefined);
    signal.throwIfAborted();
  }
}
