import type { HealthReport } from '../../contracts/health-report.js';
import type { Registration, Renewal } from '../../contracts/registry.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import { RegistrationLostError, asError } from '../../core/errors.js';
import { maintained, renewed, toDiscovered } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { isFull, isRefusal } from './redis-errors.js';
import type { FailedWrite, RedisStore, StoredEntry } from './redis-store.js';

/** One instance in Redis. */
export class RedisRegistration implements Registration {
  readonly #name: string;
  readonly #store: RedisStore;
  readonly #instance: ServiceInstance;
  readonly #onRemoved: () => void;
  #lastWritten: StoredEntry;

  constructor(name: string, store: RedisStore, instance: ServiceInstance, written: StoredEntry, onRemoved: () => void) {
    this.#name = name;
    this.#store = store;
    this.#instance = instance;
    this.#lastWritten = written;
    this.#onRemoved = onRemoved;
  }

  /** The entry as last written; undefined once another one was found in its place. */
  get lastWritten(): LeasedInstance | undefined {
    return this.#lastWritten.leased;
  }

  holder(): string {
    return this.#name;
  }

  async renew(report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const { ttlMs, nonce } = this.#instance;
    this.#lastWritten = await this.#store.change(
      {
        operation: 'renew',
        key: this.#instance,
        lease: ttlMs,
        expected: this.#lastWritten,
        to: (current) => {
          if (current?.instance.nonce !== nonce) throw lost(this.#instance);
          // Writes our own instance, because after a failover Redis may have an older one.
          return renewed({ ...current, instance: this.#instance }, report);
        },
        onFailedWrite: (failed) => this.#keepOrWithdraw(failed, signal),
      },
      signal,
    );
    return { ttlMs };
  }

  async deregister(signal: AbortSignal): Promise<void> {
    await removeEntry(this.#store, 'deregister', keyOf(this.#instance), signal);
    this.#onRemoved();
  }

  /**
   * While Redis is out of memory, an instance stays as it is listed, whatever its new reason; a lease can still be
   * extended.
   */
  async #keepOrWithdraw(failed: FailedWrite, signal: AbortSignal): Promise<StoredEntry> {
    const { error, current, wanted } = failed;
    if (!isFull(error) || isServing(wanted) !== isServing(current.leased))
      return withdraw(this.#store, 'renew', failed, signal);
    const { ttlMs } = this.#instance;
    if (!(await this.#store.extend('renew', this.#instance, current, ttlMs, signal))) throw error;
    return current;
  }
}

/** Puts an entry into maintenance for `reason`, or ends it (undefined). */
export async function maintainEntry(
  store: RedisStore,
  key: InstanceKey,
  reason: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  await store.change(
    {
      operation: 'maintain',
      key,
      lease: 'as it was',
      to: (current) => (isSameIncarnation(key, current) ? maintained(current, reason) : 'as it is'),
      onFailedWrite: (failed) => withdraw(store, 'maintain', failed, signal),
    },
    signal,
  );
}

/** Removes an entry, unless it is another incarnation's. */
export async function removeEntry(
  store: RedisStore,
  operation: string,
  key: InstanceKey,
  signal: AbortSignal,
): Promise<void> {
  const { nonce } = key;
  if (nonce !== undefined) await store.removeOwn(operation, { ...key, nonce }, signal);
  else {
    const to = (current: LeasedInstance | undefined) => (current === undefined ? 'as it is' : 'gone');
    await store.change({ operation, key, lease: 'as it was', to }, signal);
  }
}

/**
 * Removes an entry that readers would go on to use, because Redis refused to write that the instance does not serve:
 * a removal may be permitted all the same, and needs no memory. Rejects in any case, at best with
 * `RegistrationLostError`.
 */
async function withdraw(
  store: RedisStore,
  operation: string,
  { error, current, wanted }: FailedWrite,
  signal: AbortSignal,
): Promise<never> {
  if (isServing(wanted) || !isServing(current.leased) || !isRefusal(error)) throw error;
  const { instance } = wanted;
  const other = await store.remove(operation, instance, current, signal).catch(() => {
    signal.throwIfAborted();
    throw error;
  });
  if (other !== undefined) throw error;
  const status = toDiscovered(wanted).status;
  throw new RegistrationLostError(
    `The entry of ${instance.id} was removed from Redis, so that readers do not find it: its status ${status} could ` +
      `not be written. ${asError(error).message}`,
    { registry: 'redis', operation, cause: error },
  );
}

function isServing(leased: LeasedInstance | undefined): boolean {
  const status = leased && toDiscovered(leased).status;
  return status === 'passing' || status === 'warning';
}

/** True if there is an entry and, with a nonce in the key, if it is that incarnation's. */
function isSameIncarnation({ nonce }: InstanceKey, current: LeasedInstance | undefined): current is LeasedInstance {
  return current !== undefined && (nonce === undefined || current.instance.nonce === nonce);
}

function lost({ id }: ServiceInstance): RegistrationLostError {
  return new RegistrationLostError(`Redis no longer has ${id}: it expired, or another client removed or replaced it`, {
    registry: 'redis',
    operation: 'renew',
  });
}
