import type { BeatThread } from '../contracts/policies.js';
import { IdConflictError, RegistryUnavailableError, hasCode, isRegistrarError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { MemberFigures } from '../contracts/composed-registry.js';
import type { Renewal } from '../contracts/registry.js';
import { retry } from '../core/retry.js';
import type { HeartbeatHandle, Trouble } from './heartbeat-handle.js';
import { Wakeup } from '../core/wakeup.js';
import { IdConflictDetector } from './id-conflict.js';
import type { HeartbeatPlan } from './heartbeat-plan.js';
import { isLoss, lost } from './registration-lost.js';
import { OwnMaintenance } from './own-maintenance.js';
import { ensureRegistered } from './ensure-registered.js';
import { backoffFor } from '../core/backoff.js';
import type { LastKnownEntry } from './last-known-entry.js';
import type { ActiveRegistration } from './active-registration.js';
import { marginMs, nextBeatAt } from './schedule.js';
import { MemberMonitor } from './member-monitor.js';
import { RegistrationTracker } from './registration-tracker.js';
import { Reconciler } from './reconciler.js';
import { reconcileEntry } from './reconcile-entry.js';
import type { EntryReconciliation } from './reconcile-entry.js';
import { PendingUpdates } from './pending-updates.js';
import { watchEntry } from './entry-watcher.js';

/**
 * An agent that was stuck may yet act on a TTL that ran out meanwhile, after it has taken our beat; another one
 * settles it.
 */
const CONFIRM_AFTER_MS = 150;

/** The one loop a Registrar has: get listed, beat, notice a loss, get listed again, until its signal aborts. */
export class Heartbeat implements HeartbeatHandle {
  readonly thread: BeatThread = 'main';
  readonly #plan: HeartbeatPlan;
  readonly #tracker: RegistrationTracker;
  readonly #membership: MemberMonitor;
  readonly #idConflict: IdConflictDetector;
  readonly #reconciler: Reconciler;
  readonly #reconciliation: EntryReconciliation;
  readonly #updates = new PendingUpdates();
  readonly #wakeup = new Wakeup();
  /** For a wait between two tries. */
  readonly #pause = new Wakeup();
  readonly #lastKnown: LastKnownEntry;
  #instance: ServiceInstance;
  #held: ActiveRegistration | undefined;
  /** The last beat was the first after an outage. */
  #afterOutage = false;

  constructor(plan: HeartbeatPlan, instance: ServiceInstance) {
    this.#plan = plan;
    this.#instance = instance;
    this.#tracker = new RegistrationTracker(plan.clock, plan.events, plan.machine, plan.loss);
    this.#membership = new MemberMonitor(plan.events);
    this.#lastKnown = plan.lastKnown;
    this.#idConflict = new IdConflictDetector(plan.onIdConflict);
    this.#reconciler = new Reconciler(plan.drift, plan.clock, plan.events);
    this.#reconciliation = {
      plan,
      reconciler: this.#reconciler,
      ownMaintenance: new OwnMaintenance(plan.registry, plan.report, plan.lastKnown, plan.events),
      desired: () => this.#instance,
      onWritten: (written) => {
        this.#written(written);
      },
      onFailed: (error) => {
        this.#fallBack(error);
      },
    };
  }

  get held(): Readonly<ActiveRegistration> | undefined {
    return this.#held;
  }

  get instance(): ServiceInstance {
    return this.#instance;
  }

  get trouble(): Trouble | undefined {
    return this.#tracker.trouble;
  }

  get missedInRow(): number {
    return this.#tracker.missedInRow;
  }

  get members(): readonly MemberFigures[] | undefined {
    return this.#plan.registry.members;
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#retrying(
          () => this.#enlist(signal),
          (error) => this.#isHopeless(error),
          Infinity,
          signal,
        );
        await this.#keep(signal);
        if (!this.#plan.recover) throw lost(this.#plan.registry.name, 'and `recover` is false');
      }
    } finally {
      this.#updates.abandon(
        (signal.reason as Error | undefined) ?? lost(this.#plan.registry.name, 'and the heartbeat has ended'),
      );
    }
  }

  change(instance: ServiceInstance): Promise<void> {
    this.#instance = instance;
    this.#wakeup.ring();
    return this.#updates.add(instance);
  }

  nudge(): void {
    this.#wakeup.ring();
  }

  credentialsChanged(): void {
    this.#wakeup.ring();
    this.#pause.wake();
  }

  async #enlist(signal: AbortSignal): Promise<void> {
    const { registry, report, clock, machine } = this.#plan;
    const wanted = this.#instance;
    const beatAt = clock.now();
    // Known before it is written: whatever happens then, it is this id that has to be left again.
    const onFree = ({ id }: ServiceInstance) => {
      machine.transition('ready');
      if (id !== this.#instance.id) this.#instance = { ...this.#instance, id };
      return this.#instance;
    };
    const enlisting = {
      registry,
      report,
      clock,
      idConflict: this.#idConflict,
      previous: this.#held,
      lastKnown: this.#lastKnown,
      onFree,
    };
    const { instance, registration } = await ensureRegistered(wanted, enlisting, signal).catch((error: unknown) => {
      this.#fallBack(error);
      throw error;
    });
    this.#held = { registration, instance, beatAt, ttlMs: instance.ttlMs, refused: false };
    await this.#beat(this.#held, signal);
  }

  /** Beats until the entry has gone missing. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, polls, batchWatcher, events, intervalMs } = this.#plan;
    const watch = new AbortController();
    const watchSignal = AbortSignal.any([signal, watch.signal]);
    const held = this.#held as ActiveRegistration;
    let dueAt = this.#dueAt(undefined);
    const watching = watchEntry(
      held,
      {
        clock,
        polls,
        batchWatcher,
        onNews: () => {
          this.#reconciler.news();
          this.#wakeup.ring();
        },
        onTrouble: () => {
          this.#wakeup.ring();
        },
        nextBeat: (until) => events.next('beat', until),
      },
      watchSignal,
    ).catch(() => undefined);
    try {
      for (;;) {
        await this.#wakeup.wait(clock, dueAt - clock.now(), signal);
        // Several tries must fit into what is left of the TTL.
        const renewal = await this.#retrying(() => this.#beat(held, signal), isLoss, intervalMs / 2, signal);
        await reconcileEntry(this.#reconciliation, held, signal);
        dueAt = this.#dueAt(renewal);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isLoss(error)) throw error;
      this.#reconciler.looked();
      this.#tracker.lost(error.loss, error);
    } finally {
      watch.abort();
      await watching;
    }
  }

  async #beat(held: ActiveRegistration, signal: AbortSignal): Promise<Renewal> {
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

  /** The registry has it. */
  #written(instance: ServiceInstance): void {
    if (instance === this.#instance && this.#updates.arrived()) this.#plan.events.emit('updated', { instance });
  }

  /** What the registry refuses gives way to what was wanted before, which it has taken once. */
  #fallBack(error: unknown): void {
    const held = this.#held;
    if (held === undefined || held.instance === this.#instance || !hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) return;
    this.#instance = this.#updates.refused(this.#instance, error) ?? held.instance;
  }

  #accepted(held: ActiveRegistration, { ttlMs }: Renewal, { status }: HealthReport, sentAt: number): void {
    const { clock, events, registry } = this.#plan;
    const now = clock.now();
    const margin = marginMs(held.beatAt, held.ttlMs, now);
    held.beatAt = sentAt;
    held.ttlMs = ttlMs;
    events.emit('beat', { status, tookMs: now - sentAt, ttlMs, marginMs: margin });
    this.#membership.look(registry.members);
    this.#afterOutage = this.#tracker.accepted(held);
    this.#written(held.instance);
  }

  #dueAt(renewal: Renewal | undefined): number {
    const { intervalMs, phase, clock } = this.#plan;
    const { beatAt, ttlMs } = this.#held as ActiveRegistration;
    // A registry may grant less than was asked for.
    const scheduled = this.#afterOutage
      ? clock.now() + CONFIRM_AFTER_MS
      : nextBeatAt(beatAt, Math.min(intervalMs, ttlMs / 3), phase);
    return renewal?.nextBeatInMs === undefined ? scheduled : Math.min(scheduled, clock.now() + renewal.nextBeatInMs);
  }

  /**
   * Tries for ever, telling of each miss pausing for at most `longestMs`, until it works or fails with an error that
   * is final here.
   */
  #retrying<T>(
    attempt: () => Promise<T>,
    isFinal: (error: Error) => boolean,
    longestMs: number,
    signal: AbortSignal,
  ): Promise<T> {
    const { clock, random, registry } = this.#plan;
    return retry(attempt, {
      clock,
      random,
      signal,
      // A token is not mended by asking often, and a new one wakes us.
      backoff: (error) =>
        backoffFor(error, registry.traits.isLocal, hasCode(error, 'ROLLCALL_REGISTRY_DENIED') ? Infinity : longestMs),
      mayRetry: (error) => !isFinal(error),
      pause: (ms) => this.#pause.wait(clock, ms, signal),
      onFailed: (error) => {
        this.#missed(error);
      },
    });
  }

  /**
   * Whether getting listed is given up: what was accepted before may be accepted again; what never was is the
   * caller's mistake.
   */
  #isHopeless(error: Error): boolean {
    return (
      (this.#held === undefined &&
        (hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') ||
          hasCode(error, 'ROLLCALL_BACKEND_NOT_INSTALLED') ||
          hasCode(error, 'ROLLCALL_CONFIG'))) ||
      (hasCode(error, 'ROLLCALL_ID_CONFLICT') && !error.retryable)
    );
  }

  #missed(thrown: Error): void {
    const { clock, registry } = this.#plan;
    const error = isRegistrarError(thrown)
      ? thrown
      : new RegistryUnavailableError(thrown.message, { registry: registry.name, cause: thrown });
    if (error instanceof IdConflictError) {
      this.#tracker.blocked(error);
      return;
    }
    const held = this.#held;
    this.#membership.look(registry.members);
    this.#tracker.missed(error, held === undefined ? 0 : marginMs(held.beatAt, held.ttlMs, clock.now()));
  }
}
