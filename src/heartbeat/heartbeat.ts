import type { BeatThread } from '../contracts/policies.js';
import {
  IdConflictError,
  RegistryUnavailableError,
  hasCode,
  isCallersMistake,
  isRegistrarError,
} from '../core/errors.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { MemberFigures } from '../contracts/composed-registry.js';
import { withDeadline } from '../core/deadline.js';
import { retry } from '../core/retry.js';
import type { HeartbeatHandle, Trouble } from './heartbeat-handle.js';
import { Wakeup } from '../core/wakeup.js';
import { IdConflictDetector } from './id-conflict.js';
import type { HeartbeatPlan } from './heartbeat-plan.js';
import { isLoss, lost } from './registration-lost.js';
import { OwnMaintenance } from './own-maintenance.js';
import { ensureRegistered } from './ensure-registered.js';
import { backoffFor } from '../core/backoff.js';
import type { ActiveRegistration } from './active-registration.js';
import { BeatLoop } from './beat-loop.js';
import type { BeatOutcome } from './beats-under-way.js';
import { marginMs } from './schedule.js';
import { MemberMonitor } from './member-monitor.js';
import { RegistrationTracker } from './registration-tracker.js';
import { Reconciler } from './reconciler.js';
import { reconcileEntry } from './reconcile-entry.js';
import type { EntryReconciliation } from './reconcile-entry.js';
import { PendingUpdates } from './pending-updates.js';
import { watchEntry } from './entry-watcher.js';

type Accepted = Extract<BeatOutcome, { renewal: unknown }>;

/** The one loop of a Registrar: register, beat, notice a loss, register again, until the signal aborts. */
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
  /** Wakes the wait between two attempts. */
  readonly #pause = new Wakeup();
  #instance: ServiceInstance;
  #active: ActiveRegistration | undefined;
  #loop: BeatLoop | undefined;
  /** The last beat ended an outage. */
  #afterOutage = false;

  constructor(plan: HeartbeatPlan, instance: ServiceInstance) {
    this.#plan = plan;
    this.#instance = instance;
    this.#tracker = new RegistrationTracker(plan.clock, plan.events, plan.machine, plan.loss);
    this.#membership = new MemberMonitor(plan.events);
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
      beforeWrite: () => {
        this.#loop?.close();
      },
    };
  }

  get active(): Readonly<ActiveRegistration> | undefined {
    return this.#active;
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
    const { clock, machine } = this.#plan;
    const wanted = this.#instance;
    const beatAt = clock.now();
    // Called before each write: whatever happens then, a stop must deregister this id.
    const onFree = ({ id }: ServiceInstance) => {
      machine.transition('ready');
      if (id !== this.#instance.id) this.#instance = { ...this.#instance, id };
      return this.#instance;
    };
    const enlisting = {
      ...this.#plan,
      idConflict: this.#idConflict,
      previous: this.#active,
      onFree,
      onReaddressed: (instance: ServiceInstance) => (this.#instance = instance),
    };
    const { instance, registration } = await ensureRegistered(wanted, enlisting, signal).catch((error: unknown) => {
      this.#fallBack(error);
      throw error;
    });
    const { roundTripMs = 0 } = this.#plan.registry;
    const { ttlMs } = instance;
    this.#active = { registration, instance, beatAt, sentAt: beatAt, roundTripMs, ttlMs, refused: false };
    await this.#firstBeat(this.#active, signal);
  }

  async #firstBeat(active: ActiveRegistration, signal: AbortSignal): Promise<void> {
    const { report, clock, registry } = this.#plan;
    const sentAt = clock.now();
    const said = report();
    const what = { registry: registry.name, operation: 'renew' };
    active.sentAt = sentAt;
    const beating = withDeadline(clock, registry.requestDeadlineMs, what, signal, (bounded) =>
      active.registration.renew(said, bounded),
    );
    const renewal = await beating.catch((error: unknown) => {
      active.refused = isLoss(error);
      throw error;
    });
    signal.throwIfAborted();
    active.roundTripMs = clock.now() - sentAt;
    this.#accepted(active, { renewal, said, sentAt });
  }

  /** Beats until the entry is lost. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, polls, batchWatcher, events } = this.#plan;
    const watch = new AbortController();
    const watchSignal = AbortSignal.any([signal, watch.signal]);
    const active = this.#active as ActiveRegistration;
    const loop = new BeatLoop(
      {
        ...this.#plan,
        wakeup: this.#wakeup,
        onAccepted: (accepted) => this.#accepted(active, accepted),
        onMissed: (error, marginLeftMs) => {
          this.#missed(error, marginLeftMs);
        },
        reconcile: (until) => reconcileEntry(this.#reconciliation, active, until),
      },
      active,
      this.#afterOutage,
    );
    this.#loop = loop;
    const watching = watchEntry(
      active,
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
      await loop.run(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isLoss(error)) throw error;
      this.#reconciler.looked();
      this.#tracker.lost(error.loss, error);
    } finally {
      this.#loop = undefined;
      watch.abort();
      await watching;
    }
  }

  /** The registry accepted the instance. */
  #written(instance: ServiceInstance): void {
    if (instance === this.#instance && this.#updates.arrived()) this.#plan.events.emit('updated', { instance });
  }

  /** Returns to the previous instance, which the registry accepted once, when it refuses the new one. */
  #fallBack(error: unknown): void {
    const active = this.#active;
    if (active === undefined || active.instance === this.#instance || !hasCode(error, 'ROLLCALL_REGISTRY_REJECTED'))
      return;
    this.#instance = this.#updates.refused(this.#instance, error) ?? active.instance;
  }

  /** Returns true when the beat ended an outage. */
  #accepted(active: ActiveRegistration, { renewal, said, sentAt }: Accepted): boolean {
    const { clock, events, registry } = this.#plan;
    const now = clock.now();
    const margin = Math.max(0, marginMs(active, now));
    const { ttlMs } = renewal;
    active.beatAt = Math.max(active.beatAt, sentAt);
    active.ttlMs = ttlMs;
    events.emit('beat', { status: said.status, tookMs: now - sentAt, ttlMs, marginMs: margin });
    this.#membership.look(registry.members);
    this.#afterOutage = this.#tracker.accepted(active);
    this.#written(active.instance);
    return this.#afterOutage;
  }

  /** Retries for ever, until success or an error that is final here. Reports each miss. */
  #retrying<T>(attempt: () => Promise<T>, isFinal: (error: Error) => boolean, signal: AbortSignal): Promise<T> {
    const { clock, random, registry } = this.#plan;
    return retry(attempt, {
      clock,
      random,
      signal,
      backoff: (error) => backoffFor(error, registry.traits.isLocal),
      mayRetry: (error) => !isFinal(error),
      pause: (ms) => this.#pause.wait(clock, ms, signal),
      onFailed: (error) => {
        this.#missed(error, this.#active === undefined ? 0 : marginMs(this.#active, clock.now()));
      },
    });
  }

  /**
   * Whether to give up: a registration that was accepted before may be accepted again; one that never was is the
   * caller's mistake.
   */
  #isHopeless(error: Error): boolean {
    return (
      (this.#active === undefined &&
        (hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') ||
          hasCode(error, 'ROLLCALL_BACKEND_NOT_INSTALLED') ||
          isCallersMistake(error))) ||
      (hasCode(error, 'ROLLCALL_ID_CONFLICT') && !error.retryable)
    );
  }

  #missed(thrown: Error, marginLeftMs: number): void {
    const { registry } = this.#plan;
    const error = isRegistrarError(thrown)
      ? thrown
      : new RegistryUnavailableError(thrown.message, { registry: registry.name, cause: thrown });
    if (error instanceof IdConflictError) {
      this.#tracker.blocked(error);
      return;
    }
    this.#membership.look(registry.members);
    this.#tracker.missed(error, marginLeftMs);
  }
}
