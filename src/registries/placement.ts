import type { Clock } from '../core/clock.js';
import { untilNotified } from '../core/abort.js';
import { asError } from '../core/errors.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import { isSilence } from './member.js';
import type { Member } from './member.js';
import type { Entry, Registration } from '../contracts/registry.js';

/** Readers and reapers notice an entry's end a little after its lease. */
const EXPIRY_NOTICED_MS = 2_000;

/** Where one instance of ours is, or may be, in the members of a chain. It outlives every move, until all of them have let go. */
export class Placement {
  readonly #clock: Clock;
  /** Members that may hold an entry of ours, and until when it could pass there; what never had a heartbeat does not pass. */
  readonly #traces = new Map<Member, number>();
  #instance: ServiceInstance;
  #current: { readonly member: Member; readonly registration: Registration } | undefined;
  #onMoved: (() => void)[] = [];

  constructor(instance: ServiceInstance, clock: Clock) {
    this.#instance = instance;
    this.#clock = clock;
  }

  /** What was written last. */
  get instance(): ServiceInstance {
    return this.#instance;
  }

  /** Who is sent the heartbeats; undefined before the first registration and once we are leaving. */
  get current(): { readonly member: Member; readonly registration: Registration } | undefined {
    return this.#current;
  }

  /** Members that may hold an entry beside the current one, or after it. */
  get staleMembers(): Member[] {
    return [...this.#traces.keys()].filter((member) => member !== this.#current?.member);
  }

  /** An entry of ours may be passing there still. */
  mayPass(member: Member): boolean {
    return this.#clock.now() < (this.#traces.get(member) ?? -Infinity);
  }

  /** A write is about to be sent there: from now on it may have an entry, whatever becomes of the answer. */
  writingTo(member: Member, instance: ServiceInstance): void {
    this.#instance = instance;
    // Written again, an entry that passes goes on passing for another lease.
    if (this.#traces.has(member)) this.renewedAt(member);
    else this.#traces.set(member, -Infinity);
  }

  /** A heartbeat was accepted there. */
  renewedAt(member: Member): void {
    this.#traces.set(member, this.#clock.now() + this.#instance.ttlMs + EXPIRY_NOTICED_MS);
  }

  moveTo(member: Member, registration: Registration): void {
    const moved = this.#current !== undefined && this.#current.member !== member;
    this.#current = { member, registration };
    if (moved) for (const tell of this.#onMoved.splice(0)) tell();
  }

  /** Resolves at the next move; rejects with the signal's reason when that aborts first. */
  moved(signal: AbortSignal): Promise<void> {
    return untilNotified((notify) => {
      this.#onMoved.push(notify);
      return () => {
        this.#onMoved = this.#onMoved.filter((tell) => tell !== notify);
      };
    }, signal);
  }

  /** Removes our entry from one member and looks; forgets the member once nothing there can come back. */
  async clear(member: Member, signal: AbortSignal): Promise<void> {
    const key = keyOf(this.#instance);
    await member.registry.remove(key, signal);
    const entry = await member.registry.read(key, signal);
    if (entry?.instance.nonce !== key.nonce && !member.registry.inDoubt) this.#traces.delete(member);
  }

  /** Removes our entry wherever it may be. Rejects with the first failure of a member where it may still be passing. */
  async leave(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#current = undefined;
    const key = keyOf(this.#instance);
    await this.#everywhere((member) => member.registry.remove(key, signal));
  }

  /** Our entry, wherever it still is; undefined once no member has it. Rejects when one that may have it cannot be asked. */
  async find(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    let found: Entry | undefined;
    await this.#everywhere(async (member) => {
      const entry = await member.registry.read(key, signal);
      if (entry?.instance.nonce === key.nonce) found = entry;
    });
    return found;
  }

  /** All at once: one that hangs must not keep us listed in the others. Where the entry cannot pass any more an answer is not waited for. */
  async #everywhere(verb: (member: Member) => Promise<void>): Promise<void> {
    const ask = async (member: Member) => {
      const sentAt = this.#clock.now();
      try {
        await verb(member);
        member.answered();
      } catch (thrown) {
        const error = asError(thrown);
        if (isSilence(error)) member.failed(sentAt);
        this.#unlessHarmless(member, error);
      }
    };
    const outcomes = await Promise.allSettled([...this.#traces.keys()].map(ask));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw asError(failed.reason);
  }

  #unlessHarmless(member: Member, error: Error): void {
    if (!isSilence(error) || this.mayPass(member)) throw error;
  }
}
