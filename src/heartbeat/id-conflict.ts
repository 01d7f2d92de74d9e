import type { IdConflictPolicy } from '../contracts/policies.js';
import { IdConflictError } from '../core/errors.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import type { Entry } from '../contracts/registry.js';

/**
 * A stale entry of ours is replaced at once, but only once a minute: two processes that share a port would replace
 * each other for ever.
 */
const REPLACE_AGAIN_MS = 60_000;

/** Decides whether an id may be written: it is free, ours, a previous incarnation's, or a dead instance's. */
export class IdConflictDetector {
  readonly #policy: IdConflictPolicy;
  #rival: { nonce: string | undefined; since: number } | undefined;
  #replacedAt = -Infinity;

  constructor(policy: IdConflictPolicy) {
    this.#policy = policy;
  }

  /**
   * Returns the instance to write: the given one or, under `rename`, one with an id of its own. Throws
   * `IdConflictError` while another instance holds the id. That instance is observed for one TTL before it counts as
   * dead or alive.
   */
  check(entry: Entry | undefined, instance: ServiceInstance, now: number): ServiceInstance {
    if (entry === undefined || entry.instance.nonce === instance.nonce) return this.#free(instance);
    const { nonce } = entry.instance;
    const isRival = this.#rival !== undefined && this.#rival.nonce === nonce;
    if (!isRival && isSameSlot(entry.instance, instance) && now - this.#replacedAt >= REPLACE_AGAIN_MS)
      return this.#free(instance);
    if (this.#rival === undefined || !isRival) this.#rival = { nonce, since: now };
    const watchedFor = now - this.#rival.since;
    if (watchedFor < instance.ttlMs)
      throw new IdConflictError(describe(entry, instance, 'being watched for one TTL before anything is decided'), {
        proven: false,
        final: false,
      });
    if (isDead(entry)) return this.#free(instance);
    if (this.#policy === 'rename')
      return this.#free({ ...instance, id: `${instance.id}-${instance.nonce.slice(0, 8)}` });
    throw new IdConflictError(describe(entry, instance, 'alive'), { proven: true, final: this.#policy === 'fail' });
  }

  /** Call it when a stale entry of ours was replaced. */
  replaced(now: number): void {
    this.#replacedAt = now;
  }

  #free(instance: ServiceInstance): ServiceInstance {
    this.#rival = undefined;
    return instance;
  }
}

/** A dead instance is critical by now; maintenance hides that in the status but not in the checks. */
function isDead({ status, checks }: Entry): boolean {
  return status === 'critical' || (status === 'maintenance' && checks.some((check) => check.status === 'critical'));
}

function describe({ instance: rival }: Entry, { id }: ServiceInstance, state: string): string {
  const place = `${rival.address ?? "the agent's address"}:${String(rival.port ?? 'no port')}`;
  const remedy = "give each instance an id of its own, or set onIdConflict: 'rename'";
  return `the id ${id} is taken by another instance at ${place}, which is ${state}; ${remedy}`;
}
