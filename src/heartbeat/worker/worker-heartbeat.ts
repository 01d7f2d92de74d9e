import type { Clock } from '../../core/clock.js';
import { asError } from '../../core/errors.js';
import { serializeError } from '../../core/error-serialization.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { effectiveReport } from '../../health/effective-report.js';
import type { Legacy } from '../../registries/legacy.js';
import { GuardedRegistry } from '../../registries/guarded-registry.js';
import type { RegistryFactories } from '../../contracts/registry-factories.js';
import type { EventName } from '../../contracts/events.js';
import { formatDuration } from '../../core/duration.js';
import { watchCredentials } from '../../credentials/watch-credentials.js';
import { Heartbeat } from '../heartbeat.js';
import type { Semaphore } from '../../core/semaphore.js';
import type { BatchWatcher } from '../batch-watcher.js';
import { isStalled, patienceMs } from '../stall-detector.js';
import { leaveEntry } from '../leave-entry.js';
import { giveReply } from './exit-reply.js';
import { loadRegistry } from './load-registry.js';
import type { WorkerEvent, HeartbeatSpec, StatusSnapshot, WorkerCommand, Outcome } from './messages.js';
import { MainThreadCalls } from './main-thread-calls.js';
import { writeLastBeat } from './last-beat.js';
import { ForwardingEvents, ForwardingStateMachine } from './forwarding-events.js';

type LeaveCommand = Extract<WorkerCommand, { kind: 'leave' }>;

/** What all instances in the worker share. */
export interface WorkerContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly polls: Semaphore;
  readonly batchWatcher: BatchWatcher;
  readonly factories: RegistryFactories;
}

/** One instance in the worker: its registry, its heartbeat, and the messages about them to the main thread. */
export class WorkerHeartbeat {
  readonly #spec: HeartbeatSpec;
  readonly #context: WorkerContext;
  readonly #post: (event: WorkerEvent) => void;
  readonly #halt = new AbortController();
  readonly #calls: MainThreadCalls;
  readonly #events: ForwardingEvents;
  #moveIn: (heartbeat: Heartbeat) => void = () => undefined;
  readonly #movedIn = new Promise<Heartbeat>((resolve) => {
    this.#moveIn = resolve;
  });
  #heartbeat: Heartbeat | undefined;
  #report: HealthReport;
  #beatsWanted = false;
  #stalledMs = 0;
  /** Set when the process exits. */
  #leave: LeaveCommand | undefined;
  #snapshot = '';

  constructor(spec: HeartbeatSpec, context: WorkerContext, post: (event: WorkerEvent) => void) {
    this.#spec = spec;
    this.#context = context;
    this.#post = post;
    this.#report = spec.report;
    this.#calls = new MainThreadCalls(context.clock, (question, about) => post({ kind: 'call', question, about }));
    this.#events = new ForwardingEvents(post, (event) => this.#beforeEach(event));
  }

  /**
   * Keeps the instance registered until the halt command. Resolves when nothing of it is in flight any more; never
   * rejects.
   */
  async live(): Promise<void> {
    await this.#live();
    if (this.#leave !== undefined) giveReply(this.#leave.reply, 'over');
  }

  async #live(): Promise<void> {
    const { clock, factories } = this.#context;
    const { registry: serialized } = this.#spec;
    let registry: GuardedRegistry;
    try {
      registry = new GuardedRegistry(
        await loadRegistry(serialized, factories, (about) => this.#calls.ask(about)),
        clock,
      );
    } catch (thrown) {
      this.#ended('unable', asError(thrown), { inDoubt: false });
      return;
    }
    const { signal } = this.#halt;
    const { instance, stallToleranceMs: _ours, lastBeat: _shared, report: _first, ...settings } = this.#spec;
    const machine = new ForwardingStateMachine(this.#events, this.#post);
    this.#heartbeat = new Heartbeat(
      { ...settings, ...this.#context, registry, events: this.#events, machine, report: () => this.#effectiveReport },
      instance,
    );
    const heartbeat = this.#heartbeat;
    this.#moveIn(heartbeat);
    // The main thread reads the files too and reports their problems.
    const unwatch =
      registry.credentials &&
      watchCredentials(registry.credentials, clock, ({ changed }) => changed && heartbeat.credentialsChanged());
    const error = await heartbeat.run(signal).catch(asError);
    unwatch?.();
    if (this.#leave !== undefined) await this.#leaveRegistry(registry, heartbeat, this.#leave);
    this.#reportSnapshot();
    const legacy = registry.legacyOf(heartbeat.active?.instance ?? heartbeat.instance);
    this.#ended(signal.aborted ? 'halted' : 'failed', error ?? new Error('the heartbeat has ended'), legacy);
    await registry.close().catch(() => undefined);
  }

  hear(instruction: WorkerCommand): void {
    switch (instruction.kind) {
      case 'report':
        this.#report = instruction.report;
        this.#heartbeat?.nudge();
        break;
      case 'change':
        void this.#movedIn.then((heartbeat) => this.#change(heartbeat, instruction));
        break;
      case 'beats':
        this.#beatsWanted = instruction.wanted;
        break;
      case 'answer':
        this.#calls.answered(instruction.question, instruction.value, instruction.error);
        break;
      case 'halt':
        this.#halt.abort(new Error('halted'));
        break;
      case 'leave':
        this.#leave = instruction;
        this.#halt.abort(new Error('the process exits'));
        break;
      case 'begin':
        break;
    }
  }

  /** How much longer the main thread may be silent after `silentMs`; Infinity once it counts as stalled. */
  patienceMs(silentMs: number): number {
    return this.#stalledMs > 0 ? Infinity : patienceMs(silentMs, this.#spec.stallToleranceMs);
  }

  /** The main thread has given no sign of life for `silentMs`. */
  mainIsSilent(silentMs: number): void {
    const { stallToleranceMs } = this.#spec;
    const wasStalledMs = this.#stalledMs;
    this.#stalledMs = isStalled(silentMs, stallToleranceMs) ? silentMs : 0;
    if (wasStalledMs > 0 === this.#stalledMs > 0) return;
    this.#heartbeat?.nudge();
    if (wasStalledMs === 0) return;
    const stalled = formatDuration(Math.round(wasStalledMs));
    const tolerance = `heartbeat.stallTolerance (${formatDuration(stallToleranceMs)})`;
    const consequence = 'the worker thread reported critical until it ran again';
    const message = `the event loop was stalled for ${stalled}, longer than ${tolerance}: ${consequence}`;
    this.#events.emit('warning', { message });
  }

  /** The main thread's report, to which only the stall is added here: the thread that stalls cannot report it. */
  get #effectiveReport(): HealthReport {
    return effectiveReport({
      isReady: true,
      maintenance: this.#report.status === 'maintenance' ? this.#report : undefined,
      exceededStallToleranceMs: this.#stalledMs > 0 ? this.#spec.stallToleranceMs : undefined,
      isServerFailing: false,
      health: this.#report,
    });
  }

  /** The heartbeat has ended, and would not write the entry again. The main thread limits the time. */
  async #leaveRegistry(
    registry: GuardedRegistry,
    heartbeat: Heartbeat,
    { policy, reply }: LeaveCommand,
  ): Promise<void> {
    const { active } = heartbeat;
    const instance = active?.instance ?? heartbeat.instance;
    await leaveEntry({ policy, registry, instance, active }, new AbortController().signal).catch(() => undefined);
    giveReply(reply, 'left');
  }

  async #change(heartbeat: Heartbeat, { change, instance }: Extract<WorkerCommand, { kind: 'change' }>): Promise<void> {
    try {
      // The worker may have changed the id to a free one.
      await heartbeat.change({ ...instance, id: heartbeat.instance.id });
      this.#post({ kind: 'changed', change });
    } catch (thrown) {
      this.#reportSnapshot();
      this.#post({ kind: 'changed', change, error: serializeError(asError(thrown)) });
    }
  }

  /** Sends the snapshot first, so that a listener on the main thread sees the state of the event. */
  #beforeEach(event: EventName): boolean {
    const changed = this.#reportSnapshot();
    return event !== 'beat' || this.#beatsWanted || changed;
  }

  /** Returns true when anything but the time of the last beat changed. */
  #reportSnapshot(): boolean {
    if (this.#heartbeat === undefined) return false;
    const { active, instance, missedInRow, trouble, members } = this.#heartbeat;
    if (active !== undefined) writeLastBeat(this.#spec.lastBeat, active);
    const { lastKnown } = this.#spec;
    const shown = active && {
      instance: active.instance,
      holder: active.registration.holder(),
      level: active.registration.level?.() ?? 0,
      provisional: active.registration.provisional?.() ?? false,
    };
    const snapshot: StatusSnapshot = { instance, active: shown, missedInRow, trouble, members, lastKnown };
    const text = JSON.stringify([snapshot, [...lastKnown.passing]]);
    if (text === this.#snapshot) return false;
    this.#snapshot = text;
    this.#post({ kind: 'status', snapshot });
    return true;
  }

  #ended(outcome: Outcome, error: Error, legacy: Legacy): void {
    this.#post({ kind: 'ended', outcome, error: serializeError(error), legacy });
  }
}
