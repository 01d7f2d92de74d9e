import type { Clock } from '../clock.js';
import { RegistrationLostError, RegistryUnavailableError, hasCode, isRegistrarError } from '../errors.js';
import type { RegistrarError } from '../errors.js';
import type { HealthReport } from '../health/report.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { Machine } from '../lifecycle/machine.js';
import type { Registry, Renewal } from '../registry/registry.js';
import { retry } from '../resilience/retry.js';
import type { Events, LossCause } from '../telemetry/events.js';
import { Bell } from './bell.js';
import type { Permits } from './permits.js';
import { backoffFor, look, obtain } from './recover.js';
import type { Held, Remembered } from './recover.js';
import { marginMs, nextBeatAt } from './schedule.js';
import { keepVigil } from './vigil.js';

export interface HeartbeatPlan {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly polls: Permits;
  readonly events: Events;
  readonly machine: Machine;
  readonly report: () => HealthReport;
  readonly intervalMs: number;
  /** Our slot of the interval, 0 to 1. */
  readonly phase: number;
  /** False: a registration that has gone missing is not written again. */
  readonly recover: boolean;
}

/** A change of the instance on its way to the registry. */
interface Update {
  readonly instance: ServiceInstance;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The one loop a Registrar has: get listed, beat, notice a loss, get listed again, until its signal aborts. */
export class Heartbeat {
  readonly #plan: HeartbeatPlan;
  readonly #startedAt: number;
  readonly #bell = new Bell();
  readonly #remembered: Remembered = { maintenance: undefined, passing: new Set() };
  readonly #nextBeat = new Set<() => void>();
  #instance: ServiceInstance;
  #held: Held | undefined;
  #lookWanted = false;
  #outage: { since: number; inRow: number } | undefined;
  #loss: { cause: LossCause; at: number } | undefined;
  #updates: Update[] = [];

  constructor(plan: HeartbeatPlan, instance: ServiceInstance) {
    this.#plan = plan;
    this.#instance = instance;
    this.#startedAt = plan.clock.now();
  }

  /** What we last wrote and were given a receipt for; undefined before the first registration. */
  get held(): Readonly<Held> | undefined {
    return this.#held;
  }

  /** What is wanted in the registry. */
  get instance(): ServiceInstance {
    return this.#instance;
  }

  /** Heartbeats that failed since the last good one. */
  get missedInRow(): number {
    return this.#outage?.inRow ?? 0;
  }

  /** Runs until the signal aborts; rejects with its reason, or with the error that no retry can mend. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#retrying(() => this.#enlist(signal), (error) => this.#isRefusal(error), signal);
        await this.#keep(signal);
        if (!this.#plan.recover) throw lost(this.#plan.registry.name, 'and `recover` is false');
      }
    } finally {
      const reason = (signal.reason as Error | undefined) ?? lost(this.#plan.registry.name, 'and the heartbeat has ended');
      for (const update of this.#updates.splice(0)) update.reject(reason);
    }
  }

  /** Beats at once, e.g. because the health changed. */
  beatNow(): void {
    this.#bell.ring();
  }

  /** Replaces the instance. Resolves when the registry has it; rejects when it refuses it, and the old one stays. */
  change(instance: ServiceInstance): Promise<void> {
    this.#instance = instance;
    return new Promise((resolve, reject) => {
      this.#updates.push({ instance, resolve, reject });
      this.#bell.ring();
    });
  }

  async #enlist(signal: AbortSignal): Promise<void> {
    const { registry, report, clock } = this.#plan;
    const instance = this.#instance;
    const beatAt = clock.now();
    const registration = await obtain(registry, instance, this.#held, this.#remembered, report, signal);
    this.#held = { registration, instance, beatAt, ttlMs: instance.ttlMs };
    await this.#beat(this.#held, signal);
  }

  /** Beats until the entry has gone missing. */
  async #keep(signal: AbortSignal): Promise<void> {
    const { clock, polls } = this.#plan;
    const watch = new AbortController();
    const vigilSignal = AbortSignal.any([signal, watch.signal]);
    const held = this.#held as Held;
    let dueAt = this.#dueAt(undefined);
    const vigil = keepVigil(
      held.registration,
      {
        clock,
        polls,
        onNews: () => {
          this.#lookWanted = true;
          this.#bell.ring();
        },
        onTrouble: () => {
          this.#bell.ring();
        },
        nextBeat: (until) => this.#beatAccepted(until),
      },
      vigilSignal,
    ).catch(() => undefined);
    try {
      for (;;) {
        await this.#bell.wait(clock, dueAt - clock.now(), signal);
        const renewal = await this.#retrying(() => this.#beat(held, signal), isLoss, signal);
        dueAt = this.#dueAt(renewal);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isLoss(error)) throw error;
      this.#lose('missing', error);
    } finally {
      watch.abort();
      await vigil;
    }
  }

  /** One beat, after whatever has to come before it. */
  async #beat(held: Held, signal: AbortSignal): Promise<Renewal> {
    const { registry, report, clock } = this.#plan;
    if (this.#lookWanted || this.#probesUnseen()) {
      if ((await look(registry, held.instance, this.#remembered, signal)) === undefined) throw lost(registry.name, 'as a look at it showed');
      this.#lookWanted = false;
    }
    if (held.instance !== this.#instance) await this.#write(held, this.#instance, signal);
    const sentAt = clock.now();
    const renewal = await held.registration.renew(report(), signal);
    signal.throwIfAborted();
    this.#accepted(renewal, sentAt);
    return renewal;
  }

  /** Until each of the registry's own probes has been seen passing, every beat looks: a loss may come before the next held poll. */
  #probesUnseen(): boolean {
    return this.#plan.machine.state === 'registered' && this.#instance.checks.some(({ kind }) => !this.#remembered.passing.has(kind));
  }

  async #write(held: Held, instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    try {
      const { registry, report } = this.#plan;
      held.registration = await registry.register(instance, this.#remembered.maintenance ?? report(), signal);
      held.instance = instance;
    } catch (error) {
      if (!hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) throw error;
      if (this.#instance === instance) this.#instance = held.instance;
      this.#settleUpdates((update) => update.instance === instance, error);
    }
  }

  #accepted({ ttlMs }: Renewal, sentAt: number): void {
    const { clock, events, machine, report } = this.#plan;
    const held = this.#held as Held;
    const now = clock.now();
    const margin = marginMs(held.beatAt, held.ttlMs, now);
    held.beatAt = sentAt;
    held.ttlMs = ttlMs;
    this.#outage = undefined;
    events.emit('beat', { status: report().status, tookMs: now - sentAt, ttlMs, marginMs: margin });
    const loss = this.#loss;
    if (machine.tell('listed')) {
      const holder = held.registration.holder();
      this.#loss = undefined;
      if (loss === undefined) events.emit('registered', { instance: held.instance, holder, afterMs: now - this.#startedAt });
      else events.emit('recovered', { cause: loss.cause, holder, afterMs: now - loss.at });
    }
    // Not only the latest: an update that was overtaken by another is in the registry as part of it.
    if (held.instance === this.#instance) {
      if (this.#updates.length > 0) events.emit('updated', { instance: held.instance });
      this.#settleUpdates(() => true);
    }
    for (const resolve of this.#nextBeat) resolve();
  }

  #settleUpdates(which: (update: Update) => boolean, error?: Error): void {
    const settled = this.#updates.filter(which);
    this.#updates = this.#updates.filter((update) => !settled.includes(update));
    for (const update of settled) {
      if (error === undefined) update.resolve();
      else update.reject(error);
    }
  }

  #lose(cause: LossCause, error?: RegistrarError): void {
    const { machine, events, clock } = this.#plan;
    this.#lookWanted = false;
    if (!machine.tell('lost')) return;
    this.#loss = { cause, at: clock.now() };
    events.emit('lost', { cause, ...(error && { error }) });
  }

  #dueAt(renewal: Renewal | undefined): number {
    const { intervalMs, phase, clock } = this.#plan;
    const { beatAt, ttlMs } = this.#held as Held;
    // A registry may grant less than was asked for.
    const scheduled = nextBeatAt(beatAt, Math.min(intervalMs, ttlMs / 3), phase);
    return renewal?.dueInMs === undefined ? scheduled : Math.min(scheduled, clock.now() + renewal.dueInMs);
  }

  /** Resolves at the next accepted beat. */
  #beatAccepted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#nextBeat.delete(done);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        this.#nextBeat.delete(done);
        reject(signal.reason as Error);
      };
      this.#nextBeat.add(done);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Tries for ever, telling of each miss, until it works or fails with an error that is final here. */
  #retrying<T>(attempt: () => Promise<T>, isFinal: (error: Error) => boolean, signal: AbortSignal): Promise<T> {
    const { clock, random, registry, intervalMs } = this.#plan;
    return retry(attempt, {
      clock,
      random,
      signal,
      backoff: (error) => {
        const { firstMs, capMs } = backoffFor(error, registry.nearby);
        // Several tries must fit into what is left of the TTL.
        return { firstMs, capMs: Math.min(capMs, intervalMs / 2) };
      },
      mayRetry: (error) => !isFinal(error),
      onFailed: (error) => {
        this.#missed(error);
      },
    });
  }

  /** What was accepted before may be accepted again; what never was is the caller's mistake. */
  #isRefusal(error: Error): boolean {
    return hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') && this.#held === undefined;
  }

  #missed(thrown: Error): void {
    const { clock, events, machine, registry } = this.#plan;
    const error = isRegistrarError(thrown) ? thrown : new RegistryUnavailableError(thrown.message, { registry: registry.name, cause: thrown });
    const now = clock.now();
    this.#outage ??= { since: now, inRow: 0 };
    this.#outage.inRow += 1;
    const margin = this.#held === undefined ? 0 : marginMs(this.#held.beatAt, this.#held.ttlMs, now);
    machine.tell('missed');
    events.emit('beatMissed', { error, inRow: this.#outage.inRow, outageMs: now - this.#outage.since, marginMs: Math.max(0, margin) });
    if (margin <= 0) this.#lose('expired', error);
  }
}

function isLoss(error: unknown): error is RegistrarError {
  return hasCode(error, 'ROLLCALL_REGISTRATION_LOST');
}

function lost(registry: string, how: string): RegistrationLostError {
  return new RegistrationLostError(`${registry} no longer holds this instance, ${how}`, { registry });
}
