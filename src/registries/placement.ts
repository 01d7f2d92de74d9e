import type { Clock } from '../core/clock.js';
import { untilNotified } from '../core/abort.js';
import { withDeadline } from '../core/deadline.js';
import { asError } from '../core/errors.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import { isSilence } from './member.js';
import { EXPIRY_NOTICED_MS } from '../config/defaults.js';
import type { Member } from './member.js';
import type { Entry, Registration } from '../contracts/registry.js';

/** How long a holder that has not answered before is waited for. */
const SILENT_WITHIN_MS = 1_000;

/**
 * Tracks which members of a chain have, or may have, an entry of one instance. Lives until every member has removed
 * it.
 */
export class Placement {
  readonly #clock: Clock;
  /**
   * Members that may hold an entry of ours, and the time until which it could be passing there. An entry without a
   * heartbeat is never passing.
   */
  readonly #holders = new Map<Member, number>();
  #instance: ServiceInstance;
  #current: { readonly member: Member; readonly registration: Registration } | undefined;
  #onMoved: (() => void)[] = [];
  #isLeaving = false;
  #likely: Member | undefined;

  constructor(instance: ServiceInstance, clock: Clock) {
    this.#instance = instance;
    this.#clock = clock;
  }

  /** The instance as last written. */
  get instance(): ServiceInstance {
    return this.#instance;
  }

  /** The member that gets the heartbeats; undefined before the first registration and after `leave()`. */
  get current(): { readonly member: Member; readonly registration: Registration } | undefined {
    return this.#current;
  }

  /** True after `leave()`: the entry is looked for wherever it may be. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** The member to ask first: the current one, or the one that held the entry for another client. */
  get first(): Member | undefined {
    return this.#current?.member ?? this.#likely;
  }

  /** Members that may hold an entry of ours, the current one first. */
  get holders(): Member[] {
    const { staleMembers } = this;
    return this.#current === undefined ? staleMembers : [this.#current.member, ...staleMembers];
  }

  /** Members other than the current one that may hold a stale entry of ours. */
  get staleMembers(): Member[] {
    return [...this.#holders.keys()].filter((member) => member !== this.#current?.member);
  }

  /** True if an entry of ours may still be passing there. */
  mayPass(member: Member): boolean {
    return this.#clock.now() < (this.#holders.get(member) ?? -Infinity);
  }

  /**
   * Records that a write is about to be sent there: from now on the member may have an entry, even if no answer
   * comes.
   */
  writingTo(member: Member, instance: ServiceInstance): void {
    this.#instance = instance;
    // Another write lets a passing entry pass for another TTL.
    if (this.#holders.has(member)) this.renewedAt(member);
    else this.#holders.set(member, -Infinity);
  }

  /**
   * Records that a heartbeat was accepted there, or is about to be sent: it may arrive without an answer. The returned
   * function takes that back, for one that was never sent.
   */
  renewedAt(member: Member): () => void {
    const before = this.#holders.get(member) ?? -Infinity;
    const { roundTripMs = 0 } = member.registry;
    this.#holders.set(member, this.#clock.now() + roundTripMs + this.#instance.ttlMs + EXPIRY_NOTICED_MS);
    return () => {
      if (this.#holders.has(member)) this.#holders.set(member, before);
    };
  }

  /** Another client of ours had the entry there. */
  heldBy(member: Member): void {
    this.#likely = member;
    this.renewedAt(member);
  }

  moveTo(member: Member, registration: Registration): void {
    const moved = this.#current !== undefined && this.#current.member !== member;
    this.#current = { member, registration };
    if (moved) for (const notify of this.#onMoved.splice(0)) notify();
  }

  /** Resolves at the next move; rejects with the signal's reason when that aborts first. */
  moved(signal: AbortSignal): Promise<void> {
    return untilNotified((notify) => {
      this.#onMoved.push(notify);
      return () => {
        this.#onMoved = this.#onMoved.filter((other) => other !== notify);
      };
    }, signal);
  }

  /** Removes our entry from one member and reads it back. Forgets the member once no entry can come back there. */
  async clear(member: Member, signal: AbortSignal): Promise<void> {
    const key = keyOf(this.#instance);
    await member.registry.remove(key, signal);
    const entry = await member.registry.read(key, signal);
    if (entry?.instance.nonce !== key.nonce && !member.registry.inDoubt) this.#holders.delete(member);
  }

  /**
   * Removes our entry from every member that may have it. Rejects with the first failure of a member where it may
   * still be passing.
   */
  async leave(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#current = undefined;
    this.#isLeaving = true;
    const key = { ...keyOf(this.#instance), ttlMs: this.#instance.ttlMs };
    await this.#onEachHolder(signal, (member, bounded) => member.registry.remove(key, bounded));
  }

  /**
   * Finds our entry in any member; undefined once none has it. Rejects if a member that may have it gives no answer.
   */
  async find(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    let found: Entry | undefined;
    await this.#onEachHolder(signal, async (member, bounded) => {
      const entry = await member.registry.read(key, bounded);
      if (entry?.instance.nonce === key.nonce) found = entry;
    });
    return found;
  }

  /**
   * Runs `verb` on all these members at once, so that one that hangs does not keep us listed in the others. One that is
   * known to be silent gets little time. Ignores a missing answer where the entry cannot be passing any more.
   */
  async #onEachHolder(
    signal: AbortSignal,
    verb: (member: Member, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const run = async (member: Member) => {
      const sentAt = this.#clock.now();
      const what = { registry: member.registry.name, operation: 'leave' };
      try {
        await (member.isSilent
          ? withDeadline(this.#clock, SILENT_WITHIN_MS, what, signal, (bounded) => verb(member, bounded))
          : verb(member, signal));
        member.answered();
      } catch (thrown) {
        const error = asError(thrown);
        if (isSilence(error)) member.failed(sentAt);
        this.#throwUnlessHarmless(member, error);
      }
    };
    const outcomes = await Promise.allSettled([...this.#holders.keys()].map(run));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw asError(failed.reason);
  }

  #throwUnlessHarmless(member: Member, error: Error): void {
    if (!isSilence(error) || this.mayPass(member)) throw error;
  }
}
