import { RegistrationLostError, asError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import { wasNeverSent } from './is-answer.js';
import type { Placement } from './placement.js';
import type { Member } from './member.js';
import type { Members } from './members.js';
import type { Presence, Registration, Renewal } from '../contracts/registry.js';

/** The TTL divided by this is the limit of each step beside the beat. The beat itself may take a quarter of the TTL. */
const BEAT_STEPS = 16;

/** The registration of a chain. Follows the entry from member to member. */
export class ChainRegistration implements Registration {
  readonly #chain: string;
  /** Present if the first holder supports long polls, as with any registration. */
  readonly changed?: (signal: AbortSignal) => Promise<void>;
  readonly #members: Members;
  readonly #placement: Placement;
  #isBusy = false;

  constructor(chain: string, members: Members, placement: Placement) {
    this.#chain = chain;
    this.#members = members;
    this.#placement = placement;
    if (placement.current?.registration.changed !== undefined) this.changed = (signal) => this.#changed(signal);
  }

  holder(): string {
    const { current } = this.#placement;
    if (current === undefined) return this.#chain;
    const holder = current.registration.holder();
    // A member that is a chain itself names its own holder.
    return holder === current.member.registry.name ? current.member.name : holder;
  }

  level(): number {
    const { current } = this.#placement;
    return current === undefined ? 0 : this.#members.levelOf(current.member);
  }

  provisional(): boolean {
    return this.#placement.current?.member.hostLocal ?? false;
  }

  get presence(): Presence | undefined {
    return this.#placement.current?.registration.presence;
  }

  hasStaleCredentials(): boolean {
    return this.#placement.current?.registration.hasStaleCredentials?.() ?? false;
  }

  /**
   * Sends the beat to the current holder. Uses the rest of the beat's deadline to fail back to a preferred member, to
   * remove stale entries, and to measure round trips. Rejects with `RegistrationLostError` when the holder is out and
   * another member can be tried: the core then registers again, as after any loss.
   */
  async renew(report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const { current } = this.#placement;
    if (current === undefined)
      throw new RegistrationLostError(
        `${this.#chain} no longer has ${this.#placement.instance.id}: it has been deregistered`,
        { registry: this.#chain, operation: 'renew' },
      );
    const { member, registration } = current;
    if (this.#members.hasBetterThan(member)) throw this.#silenceError(this.holder());
    const sentAt = this.#members.clock.now();
    const wasNotSent = this.#placement.renewedAt(member);
    const renewing = this.#members.untilOut(
      member,
      (each, bounded) => each.registry.read(keyOf(this.#placement.instance), bounded),
      signal,
      (bounded) => registration.renew(report, bounded),
    );
    const renewal = await renewing.catch((thrown: unknown) => {
      const error = asError(thrown);
      if (wasNeverSent(error)) wasNotSent();
      if (!this.#members.recordFailure(member, error, sentAt) || signal.aborted || !this.#members.hasBetterThan(member))
        throw error;
      throw this.#silenceError(this.holder(), error);
    });
    member.answered();
    this.#placement.renewedAt(member);
    await this.#workAside(report, signal);
    const nextBeatInMs = this.#nextBeatInMs();
    return { ttlMs: renewal.ttlMs, ...(nextBeatInMs !== undefined && { nextBeatInMs }) };
  }

  async #changed(signal: AbortSignal): Promise<void> {
    const registration = this.#placement.current?.registration;
    // A member without long polls has no news of its own: wait until the entry moves to another member.
    await (registration?.changed?.(signal) ?? this.#placement.moved(signal));
  }

  async deregister(signal: AbortSignal): Promise<void> {
    await this.#placement.leave(signal);
  }

  /** One beat at a time does what beats do beside. */
  async #workAside(report: HealthReport, signal: AbortSignal): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      await this.#failBack(report, signal);
      await Promise.all([this.#removeStaleEntries(signal), this.#measure(signal)]);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Fails back to a preferred member. Registers there before the entry here goes, so that there is always an entry. */
  async #failBack(report: HealthReport, signal: AbortSignal): Promise<void> {
    const { instance, current } = this.#placement;
    const [preferred] = current === undefined ? [] : this.#members.preferredTo(current.member);
    if (current === undefined || preferred === undefined) return;
    await this.#members.attempt(preferred, this.#stepMs, signal, async (bounded) => {
      const { registry } = preferred;
      const key = keyOf(instance);
      const [there, here] = await Promise.all([
        registry.read(key, bounded),
        current.member.registry.read(key, bounded),
      ]);
      // Another instance has our id there. The core resolves such a conflict once this member is out.
      if (there !== undefined && there.instance.nonce !== instance.nonce && !isSameSlot(there.instance, instance))
        return;
      const maintenance = here?.maintenance ?? there?.maintenance;
      this.#placement.writingTo(preferred, instance);
      const registration = await registry.register(
        instance,
        maintenance === undefined ? report : { status: 'maintenance', reason: maintenance.reason },
        bounded,
      );
      await registration.renew(report, bounded);
      bounded.throwIfAborted();
      this.#placement.renewedAt(preferred);
      this.#placement.moveTo(preferred, registration);
    });
  }

  /**
   * Removes the stale entries that moves and writes in doubt left in other members. Every beat tries this, whether a
   * member is out or not: it may just have come back.
   */
  async #removeStaleEntries(signal: AbortSignal): Promise<void> {
    const { staleMembers } = this.#placement;
    const clearing = staleMembers.map((member) =>
      member.isWorthATry
        ? this.#members.attempt(member, 3 * this.#stepMs, signal, (bounded) => this.#clear(member, bounded))
        : this.#clear(member, signal).catch(() => undefined),
    );
    await Promise.all(clearing);
    signal.throwIfAborted();
  }

  /** Asks a small thing first: a member that answers it gets longer for a removal, which takes several requests. */
  async #clear(member: Member, signal: AbortSignal): Promise<void> {
    const key = keyOf(this.#placement.instance);
    const ask = (bounded: AbortSignal) => member.registry.read(key, bounded);
    await this.#members.withTrialDeadline(member, this.#stepMs, signal, ask);
    const clear = (bounded: AbortSignal) => this.#placement.clear(member, bounded);
    await this.#members.withTrialDeadline(member, 2 * this.#stepMs, signal, clear);
  }

  async #measure(signal: AbortSignal): Promise<void> {
    const key = keyOf(this.#placement.instance);
    await this.#members.measure(this.#stepMs, signal, (member, bounded) => member.registry.read(key, bounded));
  }

  /** The limit of each step beside the beat. Four of them and the beat itself fit into its deadline. */
  get #stepMs(): number {
    return this.#placement.instance.ttlMs / BEAT_STEPS;
  }

  /** Requests an earlier beat when the trial of a preferred member is due before the next one. */
  #nextBeatInMs(): number | undefined {
    const { current } = this.#placement;
    return current === undefined ? undefined : this.#members.nextTrialInMs(current.member);
  }

  #silenceError(holder: string, cause?: Error): RegistrationLostError {
    const context = { registry: this.#chain, operation: 'move', loss: 'silent', ...(cause && { cause }) } as const;
    return new RegistrationLostError(
      `${holder} has not answered for longer than the patience of ${this.#chain}, so the next registry is tried: ` +
        `check ${holder}`,
      context,
    );
  }
}
