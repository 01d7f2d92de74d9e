import type { BeatThread } from '../config/options.js';
import { IdConflictError, RegistryUnavailableError, hasCode, isRegistrarError } from '../errors.js';
import type { HealthReport } from '../health/report.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { MemberFigures, Renewal } from '../registry/registry.js';
import { withDeadline } from '../resilience/deadline.js';
import { retry } from '../resilience/retry.js';
import type { Beating, Trouble } from './beating.js';
import { Bell } from './bell.js';
import { Claim } from './claim.js';
import type { HeartbeatPlan } from './heartbeat-plan.js';
import { isLoss, lost, taken } from './loss.js';
import { OwnMaintenance } from './own-maintenance.js';
import { backoffFor, isOutdated, look, obtain } from './recover.js';
import type { Held, Remembered } from './recover.js';
import { beatDeadlineMs, marginMs, nextBeatAt } from './schedule.js';
import { Membership } from './membership.js';
import { Standing } from './standing.js';
import { Upkeep } from './upkeep.js';
import { Updates } from './updates.js';
import { keepVigil } from './vigil.js';

/** An agent that was stuck may yet act on a TTL that ran out meanwhile, after it has taken our beat; another one settles it. */
const CONFIRM_AFTER_MS = 150;

/** The one loop a Registrar has: get listed, beat, notice a loss, get listed again, until its signal aborts. */
export class Heartbeat implements Beating {
  readonly thread: BeatThread = 'main';
  readonly #plan: HeartbeatPlan;
  readonly #standing: Standing;
  readonly #membership: Membership;
  readonly #claim: Claim;
  readonly #upkeep: Upkeep;
  readonly #updates = new Updates();
  readonly #bell = new Bell();
  /** For a wait between two tries. */
  readonly #pause = new Bell();
  readonly #remembered: Remembered;
  readonly #ownMaintenance: OwnMaintenance;
  #instance: ServiceInstance;
  #held: Held | undefined;
  /** The last beat was the first after an outage. */
  #afterOutage = false;

  constructor(plan: HeartbeatPlan, instance: ServiceInstance) {
    this.#plan = plan;
    this.#instance = instance;
    this.#standing = new Standing(plan.clock, plan.events, plan.machine, plan.loss);
    this.#membership = new Membership(plan.events);
    this.#remembered = plan.remembered;
    this.#ownMaintenance = new OwnMaintenance(plan.registry, plan.report, plan.remembered, plan.events);
    this.#claim = new Claim(plan.onIdConflict);
    this.#upkeep = new Upkeep(plan.drift, plan.clock, plan.events);
  }

  get held(): Readonly<Held> | undefined {
    return this.#held;
  }

  get instance(): ServiceInstance {
    return this.#instance;
  }

  get trouble(): Trouble | undefined {
    return this.#standing.trouble;
  }

  get missedInRow(): number {
    return this.#standing.missedInRow;
  }

  get members(): readonly MemberFigures[] | undefined {
    return this.#plan.registry.members;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#retrying(() => this.#enlist(signal), (error) => this.#isHopeless(error), Infinity, signal);
        await this.#keep(signal);
        if (!this.#plan.recover) throw lost(this.#plan.registry.name, 'and `recover` is false');
      }
    } finally {
      this.#updates.abandon((signal.reason as Error | undefined) ?? lost(this.#plan.registry.name, 'and the heartbeat has ended'));
    }
  }

  change(instance: ServiceInstance): Promise<void> {
    this.#instance = instance;
    this.#bell.ring();
    return this.#updates.add(instance);
  }

  nudge(): void {
    this.#bell.ring();
  }

  credentialsChanged(): void {
    this.#bell.ring();
    this.#pause.wake();
  }

  async #enlist(signal: AbortSignal): Promise<void> {
    const { registry, report, clock, machine } = this.#plan;
    const wanted = this.#instance;
    const beatAt = clock.now();
    // Known before it is written: whatever happens then, it is this id that has to be left again.
    const onFree = ({ id }: ServiceInstance) => {
      machine.tell('ready');
      if (id !== this.#instance.id) this.#instance = { ...this.#instance, id };
      return this.#instance;
    };
    const enlisting = { registry, report, clock, claim: this.#claim, previous: this.#held, remembered: this.#remembered, onFree };
    const { instance, registration } = await obtain(wanted, enlisting, signal).catch((error: unknown) => {
      this.#fallBack(error);
      throw error;
    });
    this.#held = { registration, instance, beatAt, ttlMs: instance.ttlMs, refused: false };
    await this.#beat(this.#held, signal);
  }

  /** Beats until the entry has gone missing. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, polls, sharedLook, events, intervalMs } = this.#plan;
    const watch = new AbortController();
    const vigilSignal = AbortSignal.any([signal, watch.signal]);
    const held = this.#held as Held;
    let dueAt = this.#dueAt(undefined);
    const vigil = keepVigil(
      held,
      {
        clock,
        polls,
        sharedLook,
        onNews: () => {
          this.#upkeep.news();
          this.#bell.ring();
        },
        onTrouble: () => {
          this.#bell.ring();
        },
        nextBeat: (until) => events.next('beat', until),
      },
      vigilSignal,
    ).catch(() => undefined);
    try {
      for (;;) {
        await this.#bell.wait(clock, dueAt - clock.now(), signal);
        // Several tries must fit into what is left of the TTL.
        const renewal = await this.#retrying(() => this.#beat(held, signal), isLoss, intervalMs / 2, signal);
        await this.#tend(held, signal);
        dueAt = this.#dueAt(renewal);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isLoss(error)) throw error;
      this.#upkeep.looked();
      this.#standing.lost(error.loss, error);
    } finally {
      watch.abort();
      await vigil;
    }
  }

  async #beat(held: Held, signal: AbortSignal): Promise<Renewal> {
    const { report, clock } = this.#plan;
    const sentAt = clock.now();
    const said = report();
    const renewal = await held.registration.renew(said, signal).catch((error: unknown) => {
      held.refused = isLoss(error);
      throw error;
    });
    signal.throwIfAborted();
    this.#accepted(held, renewal, said, sentAt);
    return renewal;
  }

  /**
   * Looks at the entry and writes what has to be written, after the beat and within the time of one: nothing else is worth a
   * beat that is missed. What fails is done at a later beat. Throws only when the entry is gone or no longer ours.
   */
  async #tend(held: Held, signal: AbortSignal): Promise<void> {
    const { clock, registry, intervalMs } = this.#plan;
    if (!this.#upkeep.lookIsDue && !this.#ownMaintenance.isDue && !this.#probesUnseen() && held.instance === this.#instance && !isOutdated(held)) return;
    const tending = { registry: registry.name, operation: 'tending the entry' };
    try {
      await withDeadline(clock, beatDeadlineMs(intervalMs), tending, signal, async (bounded) => {
        // Never written without a look: it may have been taken, or put into maintenance, since the last one.
        const drifted = await this.#look(held, bounded);
        const wanted = this.#instance;
        if (drifted || held.instance !== wanted || isOutdated(held)) await this.#write(held, wanted, bounded);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (isLoss(error)) throw error;
      this.#upkeep.news();
      this.#fallBack(error);
    }
  }

  /** Looks at the entry and keeps its maintenance right. True when it has to be written again; throws when it is gone or no longer ours. */
  async #look(held: Held, signal: AbortSignal): Promise<boolean> {
    const { registry } = this.#plan;
    this.#upkeep.looked();
    const entry = await look(registry, held.instance, this.#remembered, signal);
    if (entry === undefined) throw lost(registry.name, 'as a look at it showed');
    if (entry.instance.nonce !== held.instance.nonce) throw taken(registry.name, held.instance.id);
    await this.#ownMaintenance.uphold(entry, held.instance, signal);
    return this.#upkeep.mustRepair(held.instance, entry, registry.probes === true);
  }

  /** Until each of the registry's own probes has been seen passing, every beat looks: a loss may come before the next held poll. */
  #probesUnseen(): boolean {
    const { machine, registry } = this.#plan;
    return registry.probes === true && machine.state === 'registered' && this.#instance.checks.some(({ kind }) => !this.#remembered.passing.has(kind));
  }

  /** Over an entry that is there, whose health and maintenance stay as they are. */
  async #write(held: Held, instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    const { registry, report, events } = this.#plan;
    const wasOutdated = isOutdated(held);
    held.registration = await registry.register(instance, report(), signal);
    signal.throwIfAborted();
    held.instance = instance;
    if (wasOutdated) {
      await this.#ownMaintenance.rewrite(instance, signal);
      events.emit('rotated', { holder: held.registration.holder() });
    }
    if (instance === this.#instance && this.#updates.arrived()) events.emit('updated', { instance });
  }

  /** What the registry refuses gives way to what was wanted before, which it has taken once. */
  #fallBack(error: unknown): void {
    const held = this.#held;
    if (held === undefined || held.instance === this.#instance || !hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) return;
    this.#instance = this.#updates.refused(this.#instance, error) ?? held.instance;
  }

  #accepted(held: Held, { ttlMs }: Renewal, { status }: HealthReport, sentAt: number): void {
    const { clock, events, registry } = this.#plan;
    const now = clock.now();
    const margin = marginMs(held.beatAt, held.ttlMs, now);
    held.beatAt = sentAt;
    held.ttlMs = ttlMs;
    events.emit('beat', { status, tookMs: now - sentAt, ttlMs, marginMs: margin });
    this.#membership.look(registry.members);
    this.#afterOutage = this.#standing.accepted(held);
    if (held.instance === this.#instance && this.#updates.arrived()) events.emit('updated', { instance: held.instance });
  }

  #dueAt(renewal: Renewal | undefined): number {
    const { intervalMs, phase, clock } = this.#plan;
    const { beatAt, ttlMs } = this.#held as Held;
    // A registry may grant less than was asked for.
    const scheduled = this.#afterOutage ? clock.now() + CONFIRM_AFTER_MS : nextBeatAt(beatAt, Math.min(intervalMs, ttlMs / 3), phase);
    return renewal?.dueInMs === undefined ? scheduled : Math.min(scheduled, clock.now() + renewal.dueInMs);
  }

  /** Tries for ever, telling of each miss pausing for at most `longestMs`, until it works or fails with an error that is final here. */
  #retrying<T>(attempt: () => Promise<T>, isFinal: (error: Error) => boolean, longestMs: number, signal: AbortSignal): Promise<T> {
    const { clock, random, registry } = this.#plan;
    return retry(attempt, {
      clock,
      random,
      signal,
      // A token is not mended by asking often, and a new one wakes us.
      backoff: (error) => backoffFor(error, registry.nearby, hasCode(error, 'ROLLCALL_REGISTRY_DENIED') ? Infinity : longestMs),
      mayRetry: (error) => !isFinal(error),
      pause: (ms) => this.#pause.wait(clock, ms, signal),
      onFailed: (error) => {
        this.#missed(error);
      },
    });
  }

  /** Whether getting listed is given up: what was accepted before may be accepted again; what never was is the caller's mistake. */
  #isHopeless(error: Error): boolean {
    return (this.#held === undefined && (hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') || hasCode(error, 'ROLLCALL_BACKEND_NOT_INSTALLED') || hasCode(error, 'ROLLCALL_CONFIG'))) || (hasCode(error, 'ROLLCALL_ID_CONFLICT') && !error.retryable);
  }

  #missed(thrown: Error): void {
    const { clock, registry } = this.#plan;
    const error = isRegistrarError(thrown) ? thrown : new RegistryUnavailableError(thrown.message, { registry: registry.name, cause: thrown });
    if (error instanceof IdConflictError) {
      this.#standing.blocked(error);
      return;
    }
    const held = this.#held;
    this.#membership.look(registry.members);
    this.#standing.missed(error, held === undefined ? 0 : marginMs(held.beatAt, held.ttlMs, clock.now()));
  }
}
