import type { Clock } from '../core/clock.js';
import { hasCode } from '../core/errors.js';
import type { IdConflictError, LossCause, RegistrarError } from '../core/errors.js';
import type { StateMachine } from '../telemetry/state-machine.js';
import type { Events } from '../telemetry/events.js';
import type { Trouble } from './heartbeat-handle.js';
import type { ActiveRegistration } from './active-registration.js';

/** A loss without recovery yet. */
export interface Loss {
  readonly cause: LossCause;
  readonly at: number;
}

/** Tracks whether the instance is listed and whether beats are accepted, and emits the events about it. */
export class RegistrationTracker {
  readonly #clock: Clock;
  readonly #events: Events;
  readonly #machine: StateMachine;
  readonly #startedAt: number;
  #outage: { since: number; inRow: number; error: RegistrarError } | undefined;
  #loss: Loss | undefined;
  #conflict: string | undefined;
  /** Another instance holds our id. */
  #blockedBy: IdConflictError | undefined;
  #place: { readonly holder: string; readonly level: number } | undefined;

  constructor(clock: Clock, events: Events, machine: StateMachine, loss?: Loss) {
    this.#clock = clock;
    this.#events = events;
    this.#machine = machine;
    this.#startedAt = clock.now();
    this.#loss = loss;
  }

  /** Failed heartbeats since the last accepted one. */
  get missedInRow(): number {
    return this.#outage?.inRow ?? 0;
  }

  /** Why the latest attempt failed; undefined while heartbeats are accepted. */
  get trouble(): Trouble | undefined {
    const error = this.#blockedBy ?? this.#outage?.error;
    return error && { code: error.code, message: error.message };
  }

  /** A heartbeat was accepted, which ends any loss. Returns true when it ended an outage. */
  accepted({ instance, registration }: ActiveRegistration): boolean {
    const now = this.#clock.now();
    const loss = this.#loss;
    const endedOutage = this.#outage !== undefined;
    this.#outage = undefined;
    this.#conflict = undefined;
    this.#blockedBy = undefined;
    const holder = registration.holder();
    this.#heldBy(holder, registration.level?.() ?? 0);
    if (registration.provisional?.() === true) {
      this.#machine.transition('provisional');
      return endedOutage;
    }
    if (!this.#machine.transition('listed')) return endedOutage;
    this.#loss = undefined;
    if (loss === undefined) this.#events.emit('registered', { instance, holder, afterMs: now - this.#startedAt });
    else this.#events.emit('recovered', { cause: loss.cause, holder, afterMs: now - loss.at });
    return endedOutage;
  }

  #heldBy(holder: string, level: number): void {
    const before = this.#place;
    this.#place = { holder, level };
    if (before?.holder === holder || (before === undefined && level === 0)) return;
    const moved = { from: before?.holder ?? 'nowhere', holder, level };
    this.#events.emit(before !== undefined && level < before.level ? 'failedBack' : 'fellBack', moved);
  }

  /** Another instance holds our id. Emitted once it is proven alive, and again only after a change. */
  blocked(error: IdConflictError): void {
    this.#machine.transition('conflict');
    this.#blockedBy = error;
    if (!error.proven || this.#conflict === error.message) return;
    this.#conflict = error.message;
    this.#events.emit('conflict', { error });
  }

  /**
   * An attempt failed and will be repeated. `marginMs`: time left of the TTL; with none left the registration is
   * lost.
   */
  missed(error: RegistrarError, marginMs: number): void {
    const now = this.#clock.now();
    this.#blockedBy = undefined;
    this.#outage ??= { since: now, inRow: 0, error };
    this.#outage.inRow += 1;
    this.#outage.error = error;
    this.#machine.transition('missed');
    // Beats stay rejected until the token is replaced, and even deregistering may fail.
    if (hasCode(error, 'ROLLCALL_REGISTRY_DENIED')) this.lost('denied', error);
    this.#events.emit('beatMissed', {
      error,
      inRow: this.#outage.inRow,
      outageMs: now - this.#outage.since,
      marginMs: Math.max(0, marginMs),
    });
    if (marginMs <= 0) this.lost('expired', error);
  }

  lost(cause: LossCause, error: RegistrarError): void {
    if (!this.#machine.transition('lost')) return;
    this.#loss = { cause, at: this.#clock.now() };
    this.#events.emit('lost', { cause, error });
  }
}
