import type { Clock } from '../../clock.js';
import { asError } from '../../errors.js';
import { toWire } from '../../resilience/error-wire.js';
import type { HealthReport } from '../../health/report.js';
import { BoundedRegistry } from '../../registry/bounded-registry.js';
import type { RegistryFactories } from '../../registry/registry-factories.js';
import type { EventName } from '../../telemetry/events.js';
import { formatDuration } from '../../config/duration.js';
import { watchSecrets } from '../../resilience/watch-secrets.js';
import { Heartbeat } from '../heartbeat.js';
import type { Permits } from '../permits.js';
import { beatDeadlineMs } from '../schedule.js';
import type { SharedLook } from '../shared-look.js';
import { isStalled, patienceMs } from '../stall.js';
import { loadRegistry } from './load-registry.js';
import type { Account, BeatOrder, Bearing, Instruction, Outcome } from './messages.js';
import { Questions } from './questions.js';
import { writeTime } from './shared-times.js';
import { ThreadEvents, ThreadMachine } from './thread-events.js';

/** What the thread has for all instances in it. */
export interface ThreadSurroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly polls: Permits;
  readonly sharedLook: SharedLook;
  readonly factories: RegistryFactories;
}

/** One instance in the thread: its registry, its heartbeat, and what the main thread is told of them. */
export class Resident {
  readonly #order: BeatOrder;
  readonly #surroundings: ThreadSurroundings;
  readonly #say: (account: Account) => void;
  readonly #halt = new AbortController();
  readonly #questions: Questions;
  readonly #events: ThreadEvents;
  #moveIn: (heartbeat: Heartbeat) => void = () => undefined;
  readonly #movedIn = new Promise<Heartbeat>((resolve) => {
    this.#moveIn = resolve;
  });
  #heartbeat: Heartbeat | undefined;
  #report: HealthReport;
  #beatsWanted = false;
  #stalledMs = 0;
  #bearing = '';

  constructor(order: BeatOrder, surroundings: ThreadSurroundings, say: (account: Account) => void) {
    this.#order = order;
    this.#surroundings = surroundings;
    this.#say = say;
    this.#report = order.report;
    this.#questions = new Questions(surroundings.clock, (question, about) => say({ kind: 'asked', question, about }));
    this.#events = new ThreadEvents(say, (event) => this.#beforeEach(event));
  }

  /** Keeps the instance registered until it is told to halt. Resolves when nothing of it is under way any more; never rejects. */
  async live(): Promise<void> {
    const { clock, factories } = this.#surroundings;
    const { intervalMs, registry: serialized } = this.#order;
    let registry: BoundedRegistry;
    try {
      registry = new BoundedRegistry(await loadRegistry(serialized, factories, (about) => this.#questions.ask(about)), clock, beatDeadlineMs(intervalMs));
    } catch (thrown) {
      this.#ended('unable', asError(thrown), false);
      return;
    }
    const { signal } = this.#halt;
    const { instance, stallToleranceMs: _ours, lastBeat: _shared, report: _first, ...settings } = this.#order;
    const machine = new ThreadMachine(this.#events, this.#say);
    this.#heartbeat = new Heartbeat({ ...settings, ...this.#surroundings, registry, events: this.#events, machine, report: () => this.#said }, instance);
    const heartbeat = this.#heartbeat;
    this.#moveIn(heartbeat);
    // What is wrong with a file is told by the main thread, which reads it as well.
    const unwatch = registry.secrets && watchSecrets(registry.secrets, clock, ({ changed }) => changed && heartbeat.credentialsChanged());
    const error = await heartbeat.run(signal).catch(asError);
    unwatch?.();
    this.#tellBearing();
    this.#ended(signal.aborted ? 'halted' : 'failed', error ?? new Error('the heartbeat has ended'), registry.inDoubt);
    await registry.close().catch(() => undefined);
  }

  hear(instruction: Instruction): void {
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
        this.#questions.answered(instruction.question, instruction.value, instruction.error);
        break;
      case 'halt':
        this.#halt.abort(new Error('halted'));
        break;
      case 'begin':
        break;
    }
  }

  /** How much longer the main thread may be silent, when it has been so long; Infinity once it is stalled. */
  patienceMs(silentMs: number): number {
    return this.#stalledMs > 0 ? Infinity : patienceMs(silentMs, this.#order.stallToleranceMs);
  }

  /** The main thread has given no sign of life for so long. */
  mainIsSilent(silentMs: number): void {
    const { stallToleranceMs } = this.#order;
    const wasStalledMs = this.#stalledMs;
    this.#stalledMs = isStalled(silentMs, stallToleranceMs) ? silentMs : 0;
    if ((wasStalledMs > 0) === (this.#stalledMs > 0)) return;
    this.#heartbeat?.nudge();
    if (wasStalledMs === 0) return;
    const message = `the event loop was stalled for ${formatDuration(Math.round(wasStalledMs))}, longer than heartbeat.stallTolerance (${formatDuration(stallToleranceMs)}): the worker thread reported critical until it ran again`;
    this.#events.emit('warning', { message });
  }

  /** Out of traffic on purpose stays that. */
  get #said(): HealthReport {
    if (this.#stalledMs === 0 || this.#report.status === 'maintenance') return this.#report;
    return { status: 'critical', reason: `the event loop is stalled for longer than ${formatDuration(this.#order.stallToleranceMs)}` };
  }

  async #change(heartbeat: Heartbeat, { change, instance }: Extract<Instruction, { kind: 'change' }>): Promise<void> {
    try {
      // The id may have been changed here, to one that is free.
      await heartbeat.change({ ...instance, id: heartbeat.instance.id });
      this.#say({ kind: 'changed', change });
    } catch (thrown) {
      this.#tellBearing();
      this.#say({ kind: 'changed', change, error: toWire(asError(thrown)) });
    }
  }

  /** Whoever hears of an event in the main thread finds there how things stand. */
  #beforeEach(event: EventName): boolean {
    const changed = this.#tellBearing();
    return event !== 'beat' || this.#beatsWanted || changed;
  }

  /** True when something other than the time of the last beat has changed. */
  #tellBearing(): boolean {
    if (this.#heartbeat === undefined) return false;
    const { held, instance, missedInRow, trouble, members } = this.#heartbeat;
    if (held !== undefined) {
      writeTime(this.#order.lastBeat, 0, held.beatAt);
      writeTime(this.#order.lastBeat, 1, held.beatAt + held.ttlMs);
    }
    const { remembered } = this.#order;
    const shown = held && { instance: held.instance, holder: held.registration.holder(), level: held.registration.level?.() ?? 0, provisional: held.registration.provisional?.() ?? false };
    const bearing: Bearing = { instance, held: shown, missedInRow, trouble, members, remembered };
    const text = JSON.stringify([bearing, [...remembered.passing]]);
    if (text === this.#bearing) return false;
    this.#bearing = text;
    this.#say({ kind: 'bears', bearing });
    return true;
  }

  #ended(outcome: Outcome, error: Error, inDoubt: boolean): void {
    this.#say({ kind: 'ended', outcome, error: toWire(error), inDoubt });
  }
}
