import { fitsState } from './fits-state.js';
import type { DepartureRequest } from '../../contracts/departure.js';
import type { BeatThread } from '../../contracts/policies.js';
import { asError } from '../../core/errors.js';
import { deserializeError, serializeError } from '../../core/error-serialization.js';
import { rememberSecret } from '../../core/secrets.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import type { GuardedRegistry } from '../../registries/guarded-registry.js';
import type { Legacy } from '../../registries/legacy.js';
import type { MemberFigures } from '../../contracts/composed-registry.js';
import type { Registration } from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { abortable } from '../../core/abort.js';
import type { EventName, RegistrarEvents } from '../../contracts/events.js';
import type { HeartbeatHandle, Trouble } from '../heartbeat-handle.js';
import { Heartbeat } from '../heartbeat.js';
import type { HeartbeatPlan } from '../heartbeat-plan.js';
import { lost } from '../registration-lost.js';
import type { ActiveRegistration } from '../active-registration.js';
import type { Loss } from '../registration-tracker.js';
import { requestLeave } from './request-leave.js';
import { PendingChanges } from './pending-changes.js';
import type { WorkerEvent, StatusSnapshot, Outcome } from './messages.js';
import { serializeRegistry } from './serialize-registry.js';
import type { Callbacks } from './serialize-registry.js';
import { readLastBeat, sharedLastBeat } from './last-beat.js';
import type { WorkerSession, SharedThread } from './shared-thread.js';

export interface WorkerHeartbeatProxyPlan extends HeartbeatPlan {
  readonly registry: GuardedRegistry;
  readonly sharedThread: SharedThread;
  readonly stallToleranceMs: number;
}

/** A live worker halts at once and cuts off what it has in flight. */
const HALT_WITHIN_MS = 1_000;

interface End {
  readonly outcome: Outcome | 'died';
  readonly error: Error;
  readonly legacy: Legacy;
}

/**
 * The main thread's handle of a heartbeat in the worker. Where there is no worker, or after it died, it beats on the
 * main thread.
 */
export class WorkerHeartbeatProxy implements HeartbeatHandle {
  readonly #plan: WorkerHeartbeatProxyPlan;
  readonly #changes = new PendingChanges();
  readonly #callbacks: Callbacks = [];
  readonly #lastBeat = sharedLastBeat();
  #instance: ServiceInstance;
  #snapshot: StatusSnapshot | undefined;
  #session: WorkerSession | undefined;
  /** Set once it beats on the main thread. */
  #here: Heartbeat | undefined;
  #loss: Loss | undefined;
  #end: (end: End) => void = () => undefined;
  /** Later messages belong to a heartbeat that has ended. */
  #isOver = false;

  constructor(plan: WorkerHeartbeatProxyPlan, instance: ServiceInstance) {
    this.#plan = plan;
    this.#instance = instance;
  }

  get thread(): BeatThread {
    return this.#here === undefined ? 'worker' : 'main';
  }

  get instance(): ServiceInstance {
    return this.#here?.instance ?? this.#instance;
  }

  get active(): Readonly<ActiveRegistration> | undefined {
    const active = this.#snapshot?.active;
    if (this.#here?.active !== undefined || active === undefined) return this.#here?.active;
    const lastBeat = readLastBeat(this.#lastBeat, this.#plan.clock.now());
    return { registration: this.#receipt(active), instance: active.instance, ...lastBeat, refused: false };
  }

  get missedInRow(): number {
    return (this.#here ?? this.#snapshot)?.missedInRow ?? 0;
  }

  get trouble(): Trouble | undefined {
    return (this.#here ?? this.#snapshot)?.trouble;
  }

  get members(): readonly MemberFigures[] | undefined {
    return (this.#here ?? this.#snapshot ?? this.#plan.registry).members;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { events, registry } = this.#plan;
    try {
      const why = await this.#inThread(signal);
      signal.throwIfAborted();
      events.emit('warning', {
        message: `${why}: heartbeats come from the main thread now, and a stalled event loop holds them up`,
      });
      await this.#onMain(signal);
    } finally {
      this.#isOver = true;
      this.#changes.abandon((signal.reason as Error | undefined) ?? lost(registry.name, 'and the heartbeat has ended'));
    }
  }

  change(instance: ServiceInstance): Promise<void> {
    if (this.#here !== undefined) return this.#here.change(instance);
    this.#instance = instance;
    return this.#changes.add((change) => this.#session?.post({ kind: 'change', change, instance }));
  }

  nudge(): void {
    if (this.#here !== undefined) this.#here.nudge();
    else this.#session?.post({ kind: 'report', report: this.#report });
  }

  leaveAtExit(policy: DepartureRequest['policy']): ((withinMs: number) => boolean) | undefined {
    return this.#session && this.#here === undefined ? requestLeave(this.#session, policy) : undefined;
  }

  /** The worker follows the credential files by itself. */
  credentialsChanged(): void {
    this.#here?.credentialsChanged();
  }

  /** Rejects as a heartbeat does; resolves to the reason why it does not, or no longer, run in the worker. */
  async #inThread(signal: AbortSignal): Promise<string> {
    const { registry, sharedThread, clock } = this.#plan;
    const stays = `${registry.name} cannot be taken into a worker thread`;
    if (registry.workerSpec === undefined) return stays;
    const ended = new Promise<End>((resolve) => {
      this.#end = resolve;
    });
    const joining = sharedThread.join({
      heard: (event) => this.#heard(event),
      died: (error) => this.#end({ outcome: 'died', error, legacy: { inDoubt: true } }),
    });
    let session: WorkerSession;
    try {
      session = await abortable(joining, signal);
    } catch (thrown) {
      joining.then(
        (late) => late.leave(),
        () => undefined,
      );
      return `there is no worker thread (${asError(thrown).message})`;
    }
    const calledOff = new AbortController();
    const halt = () => {
      this.#isOver = true;
      session.post({ kind: 'halt' });
      clock.sleep(HALT_WITHIN_MS, calledOff.signal).then(
        () => sharedThread.giveUp('it did not halt when it was told to'),
        () => undefined,
      );
    };
    try {
      this.#begin(session, registry.workerSpec);
      signal.addEventListener('abort', halt, { once: true });
      const { outcome, error, legacy } = await ended;
      if (outcome === 'unable') return `${stays} (${error.message})`;
      registry.inherit(this.#snapshot?.active?.instance ?? this.#instance, this.#snapshot?.active?.holder, legacy);
      signal.throwIfAborted();
      if (outcome !== 'died') throw error;
      return `the worker thread is gone (${error.message})`;
    } finally {
      calledOff.abort();
      signal.removeEventListener('abort', halt);
      this.#session = undefined;
      session.leave();
    }
  }

  #begin(session: WorkerSession, workerSpec: WorkerSpec): void {
    const { events, lastKnown, suppliedAddress, intervalMs, phase, onIdConflict, drift, recover, stallToleranceMs } =
      this.#plan;
    const settings = { intervalMs, phase, onIdConflict, drift, recover, stallToleranceMs };
    const spec = {
      ...settings,
      registry: serializeRegistry(workerSpec, this.#callbacks),
      instance: this.#instance,
      lastKnown,
      suppliedAddress,
      report: this.#report,
      lastBeat: this.#lastBeat,
    };
    try {
      session.post({ kind: 'begin', spec });
    } catch (thrown) {
      // An option cannot be cloned.
      this.#end({ outcome: 'unable', error: asError(thrown), legacy: { inDoubt: false } });
      return;
    }
    this.#session = session;
    events.onInterest('beat', (wanted) => this.#session?.post({ kind: 'beats', wanted }));
    this.#changes.passOn((change) => {
      session.post({ kind: 'change', change, instance: this.#instance });
      return undefined;
    });
  }

  /** Reads first, as after any loss, because the worker's entry still exists. */
  async #onMain(signal: AbortSignal): Promise<void> {
    const here = new Heartbeat(
      {
        ...this.#plan,
        lastKnown: this.#snapshot?.lastKnown ?? this.#plan.lastKnown,
        ...(this.#loss && { loss: this.#loss }),
      },
      this.#instance,
    );
    this.#here = here;
    this.#changes.passOn(() => here.change(this.#instance));
    await here.run(signal);
  }

  #heard(event: WorkerEvent): void {
    switch (event.kind) {
      case 'moved':
        if (!this.#isOver) this.#plan.machine.transition(event.transition);
        break;
      case 'status':
        this.#snapshot = event.snapshot;
        this.#follow();
        break;
      case 'emitted':
        this.#tell(event);
        break;
      case 'changed':
        this.#changes.settled(event.change, event.error && deserializeError(event.error));
        this.#follow();
        break;
      case 'call':
        void this.#answer(event.question, this.#callbacks[event.about]);
        break;
      case 'ended':
        this.#end({ ...event, error: deserializeError(event.error) });
        break;
    }
  }

  /** The worker may have taken another id, or returned to the values that the registry accepted. */
  #follow(): void {
    if (this.#snapshot === undefined) return;
    const { instance } = this.#snapshot;
    this.#instance = this.#changes.areUnderWay ? { ...this.#instance, id: instance.id } : instance;
  }

  /** Drops an event that arrives too late to fit the current state. */
  #tell({ event, payload, error }: Extract<WorkerEvent, { kind: 'emitted' }>): void {
    const { events, machine, clock } = this.#plan;
    if (this.#isOver || !fitsState(event, machine.state)) return;
    const whole = { ...payload, ...(error && { error: deserializeError(error) }) } as RegistrarEvents[EventName];
    if (event === 'lost') this.#loss = { cause: (whole as RegistrarEvents['lost']).cause, at: clock.now() };
    if (event === 'recovered') this.#loss = undefined;
    events.emit(event, whole);
  }

  async #answer(question: number, ask: Callbacks[number] | undefined): Promise<void> {
    try {
      const value = await ask?.();
      // The functions of registries return tokens and passwords.
      if (typeof value === 'string') rememberSecret(value, 'changing');
      this.#session?.post({ kind: 'answer', question, value });
    } catch (thrown) {
      this.#session?.post({ kind: 'answer', question, value: undefined, error: serializeError(asError(thrown)) });
    }
  }

  get #report(): HealthReport {
    const { status, reason } = this.#plan.report();
    return { status, reason };
  }

  /** The receipt for deregistering, which the main thread does with its own client. */
  #receipt({ instance, holder, level, provisional }: NonNullable<StatusSnapshot['active']>): Registration {
    const { registry } = this.#plan;
    return {
      holder: () => holder,
      level: () => level,
      provisional: () => provisional,
      renew: async (report, signal) => (await registry.register(instance, report, signal)).renew(report, signal),
      deregister: (signal) => registry.remove({ ...keyOf(instance), ttlMs: instance.ttlMs }, signal),
    };
  }
}
