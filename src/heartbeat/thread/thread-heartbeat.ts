import type { BeatThread } from '../../config/options.js';
import { asError } from '../../errors.js';
import { fromWire, toWire } from '../../resilience/error-wire.js';
import type { HealthReport } from '../../health/report.js';
import { keyOf } from '../../instance/service-instance.js';
import type { ServiceInstance } from '../../instance/service-instance.js';
import type { RegistrarState } from '../../lifecycle/states.js';
import type { BoundedRegistry } from '../../registry/bounded-registry.js';
import type { MemberFigures, Registration } from '../../registry/registry.js';
import type { WorkerSpec } from '../../registry/worker-spec.js';
import { abortable } from '../../resilience/deadline.js';
import type { EventName, RegistrarEvents } from '../../telemetry/events.js';
import type { Beating, Trouble } from '../beating.js';
import { Heartbeat } from '../heartbeat.js';
import type { HeartbeatPlan } from '../heartbeat-plan.js';
import { lost } from '../loss.js';
import type { Held } from '../recover.js';
import type { Loss } from '../standing.js';
import { Changes } from './changes.js';
import type { Account, Bearing, Outcome } from './messages.js';
import { serializeRegistry } from './serialize-registry.js';
import type { Asked } from './serialize-registry.js';
import { readTime, sharedTimes } from './shared-times.js';
import type { Seat, SharedThread } from './shared-thread.js';

export interface ThreadHeartbeatPlan extends HeartbeatPlan {
  readonly registry: BoundedRegistry;
  readonly sharedThread: SharedThread;
  readonly stallToleranceMs: number;
}

/** A thread that lives halts at once; what it had under way is cut off by that. */
const HALT_WITHIN_MS = 1_000;

interface End {
  readonly outcome: Outcome | 'died';
  readonly error: Error;
  readonly inDoubt: boolean;
}

/** The heartbeat in the worker thread as the main thread has it; where there can be none, and from when it has died, one on the main thread. */
export class ThreadHeartbeat implements Beating {
  readonly #plan: ThreadHeartbeatPlan;
  readonly #changes = new Changes();
  readonly #asked: Asked = [];
  readonly #lastBeat = sharedTimes(2);
  #instance: ServiceInstance;
  #bearing: Bearing | undefined;
  #seat: Seat | undefined;
  /** From when on it beats on the main thread. */
  #here: Heartbeat | undefined;
  #loss: Loss | undefined;
  #end: (end: End) => void = () => undefined;
  /** What is told from now on is of a life that is over. */
  #isOver = false;

  constructor(plan: ThreadHeartbeatPlan, instance: ServiceInstance) {
    this.#plan = plan;
    this.#instance = instance;
  }

  get thread(): BeatThread {
    return this.#here === undefined ? 'worker' : 'main';
  }

  get instance(): ServiceInstance {
    return this.#here?.instance ?? this.#instance;
  }

  get held(): Readonly<Held> | undefined {
    const held = this.#bearing?.held;
    if (this.#here?.held !== undefined || held === undefined) return this.#here?.held;
    const now = this.#plan.clock.now();
    const beatAt = readTime(this.#lastBeat, 0, now);
    return { registration: this.#receipt(held), instance: held.instance, beatAt, ttlMs: readTime(this.#lastBeat, 1, now) - beatAt, refused: false };
  }

  get missedInRow(): number {
    return (this.#here ?? this.#bearing)?.missedInRow ?? 0;
  }

  get trouble(): Trouble | undefined {
    return (this.#here ?? this.#bearing)?.trouble;
  }

  get members(): readonly MemberFigures[] | undefined {
    return (this.#here ?? this.#bearing ?? this.#plan.registry).members;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { events, registry } = this.#plan;
    try {
      const why = await this.#inThread(signal);
      signal.throwIfAborted();
      events.emit('warning', { message: `${why}: heartbeats come from the main thread now, and a stalled event loop holds them up` });
      await this.#onMain(signal);
    } finally {
      this.#isOver = true;
      this.#changes.abandon((signal.reason as Error | undefined) ?? lost(registry.name, 'and the heartbeat has ended'));
    }
  }

  change(instance: ServiceInstance): Promise<void> {
    if (this.#here !== undefined) return this.#here.change(instance);
    this.#instance = instance;
    return this.#changes.add((change) => this.#seat?.post({ kind: 'change', change, instance }));
  }

  nudge(): void {
    if (this.#here !== undefined) this.#here.nudge();
    else this.#seat?.post({ kind: 'report', report: this.#report });
  }

  /** The thread follows the files by itself. */
  credentialsChanged(): void {
    this.#here?.credentialsChanged();
  }

  /** Rejects as a heartbeat does; resolves to why it is none of the thread's, or no longer one. */
  async #inThread(signal: AbortSignal): Promise<string> {
    const { registry, sharedThread, clock } = this.#plan;
    const stays = `${registry.name} cannot be taken into a worker thread`;
    if (registry.workerSpec === undefined) return stays;
    const ended = new Promise<End>((resolve) => {
      this.#end = resolve;
    });
    const joining = sharedThread.join({ heard: (account) => this.#heard(account), died: (error) => this.#end({ outcome: 'died', error, inDoubt: true }) });
    let seat: Seat;
    try {
      seat = await abortable(joining, signal);
    } catch (thrown) {
      joining.then((late) => late.leave(), () => undefined);
      return `there is no worker thread (${asError(thrown).message})`;
    }
    const calledOff = new AbortController();
    const halt = () => {
      this.#isOver = true;
      seat.post({ kind: 'halt' });
      clock.sleep(HALT_WITHIN_MS, calledOff.signal).then(() => sharedThread.giveUp('it did not halt when it was told to'), () => undefined);
    };
    try {
      this.#begin(seat, registry.workerSpec);
      signal.addEventListener('abort', halt, { once: true });
      const { outcome, error, inDoubt } = await ended;
      if (outcome === 'unable') return `${stays} (${error.message})`;
      registry.inherit(this.#bearing?.held?.instance ?? this.#instance, this.#bearing?.held?.holder, inDoubt);
      signal.throwIfAborted();
      if (outcome !== 'died') throw error;
      return `the worker thread is gone (${error.message})`;
    } finally {
      calledOff.abort();
      signal.removeEventListener('abort', halt);
      this.#seat = undefined;
      seat.leave();
    }
  }

  #begin(seat: Seat, workerSpec: WorkerSpec): void {
    const { events, remembered, intervalMs, phase, onIdConflict, drift, recover, stallToleranceMs } = this.#plan;
    const settings = { intervalMs, phase, onIdConflict, drift, recover, stallToleranceMs };
    const order = { ...settings, registry: serializeRegistry(workerSpec, this.#asked), instance: this.#instance, remembered, report: this.#report, lastBeat: this.#lastBeat };
    try {
      seat.post({ kind: 'begin', order });
    } catch (thrown) {
      // An option that cannot be cloned.
      this.#end({ outcome: 'unable', error: asError(thrown), inDoubt: false });
      return;
    }
    this.#seat = seat;
    events.onInterest('beat', (wanted) => this.#seat?.post({ kind: 'beats', wanted }));
    this.#changes.passOn((change) => {
      seat.post({ kind: 'change', change, instance: this.#instance });
      return undefined;
    });
  }

  /** Looks first, as after any loss: what the thread has written is still there. */
  async #onMain(signal: AbortSignal): Promise<void> {
    const here = new Heartbeat({ ...this.#plan, remembered: this.#bearing?.remembered ?? this.#plan.remembered, ...(this.#loss && { loss: this.#loss }) }, this.#instance);
    this.#here = here;
    this.#changes.passOn(() => here.change(this.#instance));
    await here.run(signal);
  }

  #heard(account: Account): void {
    switch (account.kind) {
      case 'moved':
        if (!this.#isOver) this.#plan.machine.tell(account.transition);
        break;
      case 'bears':
        this.#bearing = account.bearing;
        this.#follow();
        break;
      case 'told':
        this.#tell(account);
        break;
      case 'changed':
        this.#changes.settled(account.change, account.error && fromWire(account.error));
        this.#follow();
        break;
      case 'asked':
        void this.#answer(account.question, this.#asked[account.about]);
        break;
      case 'ended':
        this.#end({ ...account, error: fromWire(account.error) });
        break;
    }
  }

  /** The thread may have had to take another id, or to go back to what the registry had accepted. */
  #follow(): void {
    if (this.#bearing === undefined) return;
    const { instance } = this.#bearing;
    this.#instance = this.#changes.areUnderWay ? { ...this.#instance, id: instance.id } : instance;
  }

  /** What does not fit the state here any more was told too late. */
  #tell({ event, payload, error }: Extract<Account, { kind: 'told' }>): void {
    const { events, machine, clock } = this.#plan;
    const fitting = fittingStates[event];
    if (this.#isOver || (fitting !== undefined && fitting !== machine.state)) return;
    const whole = { ...payload, ...(error && { error: fromWire(error) }) } as RegistrarEvents[EventName];
    if (event === 'lost') this.#loss = { cause: (whole as RegistrarEvents['lost']).cause, at: clock.now() };
    if (event === 'recovered') this.#loss = undefined;
    events.emit(event, whole);
  }

  async #answer(question: number, ask: Asked[number] | undefined): Promise<void> {
    try {
      this.#seat?.post({ kind: 'answer', question, value: await ask?.() });
    } catch (thrown) {
      this.#seat?.post({ kind: 'answer', question, value: undefined, error: toWire(asError(thrown)) });
    }
  }

  get #report(): HealthReport {
    const { status, reason } = this.#plan.report();
    return { status, reason };
  }

  /** For the way out, which is taken from here with a client of our own. */
  #receipt({ instance, holder, level, provisional }: NonNullable<Bearing['held']>): Registration {
    const { registry } = this.#plan;
    return {
      holder: () => holder,
      level: () => level,
      provisional: () => provisional,
      renew: async (report, signal) => (await registry.register(instance, report, signal)).renew(report, signal),
      deregister: (signal) => registry.remove(keyOf(instance), signal),
    };
  }
}

/** Events that mean that the state has become this one. */
const fittingStates: Readonly<Partial<Record<EventName, RegistrarState>>> = { registered: 'registered', recovered: 'registered', lost: 'recovering' };
