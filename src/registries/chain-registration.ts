import { RegistrationLostError, asError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import type { Placement } from './placement.js';
import type { Members } from './members.js';
import type { Presence, Registration, Renewal } from '../contracts/registry.js';

/** So many times a step fits into a lease, of which a beat may take a quarter. */
const BEAT_STEPS = 16;

/** The receipt of a chain: follows its entry from member to member. */
export class ChainRegistration implements Registration {
  readonly #chain: string;
  /** As long as there is one to hold: the first holder decides, as it does for any registration. */
  readonly changed?: (signal: AbortSignal) => Promise<void>;
  readonly #members: Members;
  readonly #placement: Placement;

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
    // A member that is a chain itself has an answer of its own.
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
   * Beats where the entry is, then uses what is left of the beat to get back to a preferred member, to clear what was left
   * behind, and to measure. Rejects with `RegistrationLostError` when the holder is out and another can be tried: getting
   * listed there, with every look that this needs, is what the core does after any loss.
   */
  async renew(report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const { current } = this.#placement;
    if (current === undefined)
      throw new RegistrationLostError(
        `${this.#chain} no longer holds ${this.#placement.instance.id}: it has been deregistered`,
        { registry: this.#chain, operation: 'renew' },
      );
    const { member, registration } = current;
    if (this.#members.hasBetterThan(member)) throw this.#silent(this.holder());
    const sentAt = this.#members.clock.now();
    const renewal = await registration.renew(report, signal).catch((thrown: unknown) => {
      const error = asError(thrown);
      if (!this.#members.recordFailure(member, error, sentAt) || signal.aborted || !this.#members.hasBetterThan(member))
        throw error;
      throw this.#silent(this.holder(), error);
    });
    member.answered();
    this.#placement.renewedAt(member);
    await this.#climb(report, signal);
    await this.#tidy(signal);
    await this.#measure(signal);
    const nextBeatInMs = this.#nextBeatInMs();
    return { ttlMs: renewal.ttlMs, ...(nextBeatInMs !== undefined && { nextBeatInMs }) };
  }

  async #changed(signal: AbortSignal): Promise<void> {
    const registration = this.#placement.current?.registration;
    // A member that cannot tell has nothing to be asked for until we are with another one.
    await (registration?.changed?.(signal) ?? this.#placement.moved(signal));
  }

  async deregister(signal: AbortSignal): Promise<void> {
    await this.#placement.leave(signal);
  }

  /** Back up: listed there first, and then no longer here, so that there is no moment without an entry. */
  async #climb(report: HealthReport, signal: AbortSignal): Promise<void> {
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
      // Whoever lives there under our id is for the core to deal with, once we are out of here.
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

  /** An entry left behind on the way goes as soon as its registry answers: while it may pass that is asked at every beat, whether the registry is out or not. */
  async #tidy(signal: AbortSignal): Promise<void> {
    const { staleMembers } = this.#placement;
    const passing = staleMembers.filter((member) => this.#placement.mayPass(member));
    // Where an answer is likely first: one that is dead would keep the others waiting.
    const staleMember =
      passing.find(({ isOut }) => !isOut) ?? passing[0] ?? staleMembers.find(({ isWorthATry }) => isWorthATry);
    if (staleMember === undefined) return;
    const isTrial = staleMember.isWorthATry;
    const clear = (bounded: AbortSignal) => this.#placement.clear(staleMember, bounded);
    if (isTrial) await this.#members.attempt(staleMember, this.#stepMs, signal, clear);
    else await this.#members.aside(staleMember, this.#stepMs, signal, clear).catch(() => undefined);
    signal.throwIfAborted();
  }

  async #measure(signal: AbortSignal): Promise<void> {
    const key = keyOf(this.#placement.instance);
    await this.#members.measure(this.#stepMs, signal, (member, bounded) => member.registry.read(key, bounded));
  }

  /** For each step beside the beat: three of them and the beat itself fit into its deadline. */
  get #stepMs(): number {
    return this.#placement.instance.ttlMs / BEAT_STEPS;
  }

  /** Earlier than the schedule has it while there is a way back up, or something to clear. */
  #nextBeatInMs(): number | undefined {
    const { current } = this.#placement;
    return current === undefined ? undefined : this.#members.nextTrialInMs(current.member);
  }

  #silent(holder: string, cause?: Error): RegistrationLostError {
    const context = { registry: this.#chain, operation: 'move', loss: 'silent', ...(cause && { cause }) } as const;
    return new RegistrationLostError(
      `${holder} gives no answer for longer than ${this.#chain} is patient: moving on`,
      context,
    );
  }
}
