import type { Config } from '../config/config.js';
import { EXPIRY_NOTICED_MS } from '../config/defaults.js';
import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import { withDeadline } from '../core/deadline.js';
import { StoppedError, TimeoutError } from '../core/errors.js';
import type { ActiveRegistration } from '../heartbeat/active-registration.js';
import { expiryOf } from '../heartbeat/schedule.js';
import type { HeartbeatHandle } from '../heartbeat/heartbeat-handle.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
import type { CloseLimits } from '../server/close-within.js';
import type { Events } from '../telemetry/events.js';
import type { StateMachine } from '../telemetry/state-machine.js';
import { deregister } from './deregister.js';
import { Drain } from './drain.js';
import type { HookPoint, Hooks } from './hooks.js';

export interface ShutdownPlan {
  readonly config: Config;
  readonly clock: Clock;
  readonly events: Events;
  readonly machine: StateMachine;
  readonly hooks: Hooks;
  readonly registry: GuardedRegistry;
  readonly server: () => BoundServer | undefined;
  readonly heartbeat: () => HeartbeatHandle | undefined;
  /** Whether the readers of the service have seen the instance. */
  readonly wasSeenByReaders: () => boolean;
  /** The stop came by a signal to which the host listens too. */
  readonly isHostEnding: () => boolean;
  /** Closes the health port. */
  readonly closeHealthServer: () => Promise<void>;
  /** Ends start, heartbeat and recovery. Resolves when all have ended. */
  readonly halt: (reason: Error) => Promise<void>;
}

/** How long the registry has to confirm that the instance is out, where no drain or TTL gives it longer. */
const LEAVE_WITHIN_MS = 2_000;
/** A removal and a look at its result take two. */
const LEAVE_WITHIN_ROUND_TRIPS = 3;
/** The end of `shutdown.timeout` belongs to what follows the streams: closing, the last hooks, the registry. */
const RESERVE_MS = 1_000;

export interface StopSignals {
  /** Ends everything that is still under way. */
  readonly all: AbortSignal;
  /** Ends the steps of `leave()` when it takes too long. */
  readonly leaving: AbortSignal;
}

/** What each step of a stop does; `Shutdown` decides the order and runs each step once. */
export class StopWork {
  readonly #plan: ShutdownPlan;
  readonly #signals: StopSignals;
  readonly #drained = new AbortController();
  #reason = '';
  #leavingSince: number | undefined;
  #skipDrain = false;
  /** Why nothing drains, as far as it is known when the stop begins. */
  #noDrain: string | undefined;
  #drainedAt: number | undefined;
  #stop = { beganAt: -Infinity, endsAt: Infinity };
  #drain: Drain | undefined;
  #tried: () => void = () => undefined;
  /** Resolves when the registry has answered the first try to leave, or failed to. */
  readonly #firstTry = new Promise<void>((resolve) => {
    this.#tried = resolve;
  });
  #left: (isConfirmed: boolean) => void = () => undefined;
  /** Resolves when deregistering has ended, to whether it was confirmed. */
  readonly #leaving = new Promise<boolean>((resolve) => {
    this.#left = resolve;
  });

  constructor(plan: ShutdownPlan, signals: StopSignals) {
    this.#plan = plan;
    this.#signals = signals;
  }

  /** Emits `draining`. A registered instance beats until `deregister()`; any other stops now. */
  begin(reason: string): void {
    const { events, machine, halt } = this.#plan;
    this.#reason = reason;
    const isListed = machine.state === 'registered';
    this.#noDrain = this.#whyNoDrain();
    machine.transition('stop');
    events.emit('draining', { reason, noDrain: this.#noDrain });
    if (!isListed) void halt(this.#stopping());
  }

  /** The whole stop begins, and will be cut off at `shutdown.timeout`. */
  beginStop(): void {
    const beganAt = this.#plan.clock.now();
    this.#stop = { beganAt, endsAt: beganAt + this.#plan.config.stopTimeoutMs };
  }

  /** True once callers no longer use the instance, or have had the longest time for that. */
  get isDrained(): boolean {
    return this.#drainedAt !== undefined;
  }

  /** The duration of deregistering counts from the first call, or from its step. */
  beginLeaving(): void {
    this.#leavingSince ??= this.#plan.clock.now();
  }

  /** Ends the drain early, because a person at a terminal is waiting. */
  skipDrain(): void {
    this.#skipDrain = true;
  }

  runHooks(point: HookPoint): Promise<readonly Error[]> {
    const { all, leaving } = this.#signals;
    return this.#plan.hooks.run(point, point === 'before deregister' ? AbortSignal.any([all, leaving]) : all);
  }

  async deregister(): Promise<readonly Error[]> {
    const { config, clock, events, registry, heartbeat, halt } = this.#plan;
    this.beginLeaving();
    await halt(this.#stopping());
    const beating = heartbeat();
    if (beating === undefined) {
      this.#tried();
      this.#left(true);
      return [];
    }
    const policy = registry.handedOver === undefined ? config.policy : 'deregister';
    const { active, instance } = beating;
    const wasSeenByReaders = this.#plan.wasSeenByReaders();
    const whose = { instance: active?.instance ?? instance, active, wasSeenByReaders };
    const plan = { policy, registry, clock, onTried: this.#tried, ...whose };
    const { all, leaving } = this.#signals;
    const { confirmed, errors } = await deregister(plan, AbortSignal.any([all, this.#drained.signal, leaving]));
    const now = clock.now();
    const ttlLeftMs = active && Math.max(0, expiryOf(active) - now);
    const listedForMs = ttlLeftMs !== undefined && confirmed ? 0 : ttlLeftMs;
    const tookMs = now - (this.#leavingSince ?? now);
    events.emit('deregistered', { policy, confirmed, tookMs, listedForMs, unreached: registry.unreached });
    this.#tried();
    this.#left(confirmed);
    return errors;
  }

  /** Serves on until the traffic has gone. */
  async drain(): Promise<void> {
    const { registry, server } = this.#plan;
    server()?.startDraining();
    const beganAt = this.#plan.clock.now();
    // A registry that hands the port over sends new connections elsewhere only when this server takes none.
    void this.#leaving.then(() => (registry.handedOver === true ? server()?.stopListening() : undefined));
    await this.#serveOn();
    // The drain may be over at once, since the TTL has been over for long, and the registry be just back.
    await this.#leftWithin(beganAt + this.#leaveWithinMs - this.#plan.clock.now(), this.#firstTry);
    // What is not confirmed by now is left to the TTL.
    this.#drained.abort(new StoppedError('the drain is over'));
    this.#drainedAt = this.#plan.clock.now();
    server()?.releaseClose();
  }

  get drainWaitsFor(): string | undefined {
    return this.#drain === undefined ? 'the registry to show that it is out' : this.#drain.waitingFor;
  }

  async closeServer(): Promise<readonly Error[]> {
    const { config, server } = this.#plan;
    const limits = this.#closeLimits;
    const { responses = 0, upgraded = 0 } = (await server()?.close(this.#signals.all, limits)) ?? {};
    // Without a drain the end of a WebSocket is no surprise.
    const lost = [
      ...(responses > 0 ? [`unfinished responses: ${String(responses)}`] : []),
      ...(upgraded > 0 && limits.streamsMs > 0 ? [`WebSockets: ${String(upgraded)}`] : []),
    ];
    if (lost.length === 0) return [];
    const limit = `shutdown.drain.streams (${formatDuration(config.drain.streamsMs)})`;
    const remedy = `raise it, or end them in a hook 'after drain'`;
    const message = `cut off at the end of ${limit}, ${lost.join(', ')}; ${remedy}`;
    return [new TimeoutError(message, { operation: 'stop' })];
  }

  get openTraffic(): string | undefined {
    const server = this.#plan.server();
    if (server === undefined) return undefined;
    const { inFlight, openConnections } = server.traffic;
    const leftMs = Math.max(0, this.#streamsEndAt - this.#plan.clock.now());
    const what =
      inFlight > 0 ? `${String(inFlight)} requests in flight` : `${String(openConnections)} connections to close`;
    return `${what}, for at most ${(leftMs / 1_000).toFixed(1)} s more`;
  }

  closeHealthServer(): Promise<void> {
    return this.#plan.closeHealthServer();
  }

  closeRegistry(): Promise<void> {
    return this.#plan.registry.close();
  }

  async #serveOn(): Promise<void> {
    const { clock, config, events, heartbeat, server } = this.#plan;
    if (heartbeat() === undefined) return;
    const { all } = this.#signals;
    const beganAt = clock.now();
    let absentSince: number | undefined;
    void this.#leaving.then((isConfirmed) => {
      if (isConfirmed) absentSince = clock.now();
    });
    if (this.#skipDrain || (await this.#needsNoDrain())) {
      await this.#leftWithin(this.#leaveWithinMs, this.#leaving);
      return;
    }
    this.#drain = new Drain({
      ...config.drain,
      clock,
      sources: () => server()?.sources ?? [],
      absentSince: () => absentSince ?? expiredAt(heartbeat()?.active, clock.now(), beganAt),
    });
    const stillComing = await this.#drain.over(all);
    if (stillComing.length === 0) return;
    const max = `shutdown.drain.max (${String(config.drain.maxMs)} ms)`;
    events.emit('warning', {
      message: `closing at the end of ${max}, although requests still come from ${stillComing.join(', ')}`,
    });
  }

  /** A registry that is known to answer late gets longer. */
  get #leaveWithinMs(): number {
    const { registry, heartbeat } = this.#plan;
    const roundTripMs = Math.max(registry.roundTripMs ?? 0, heartbeat()?.active?.roundTripMs ?? 0);
    return Math.max(LEAVE_WITHIN_MS, LEAVE_WITHIN_ROUND_TRIPS * roundTripMs);
  }

  /** Resolves with `leaving`, or after this time, or at the end of the stop. */
  async #leftWithin(ms: number, leaving: Promise<unknown>): Promise<void> {
    const { clock } = this.#plan;
    await withDeadline(clock, Math.max(0, ms), { operation: 'leave' }, this.#signals.all, () => leaving).catch(
      () => undefined,
    );
  }

  #whyNoDrain(): string | undefined {
    const { config, registry, heartbeat } = this.#plan;
    if (config.noDrain !== undefined) return config.noDrain;
    if (heartbeat() === undefined) return 'it was never registered';
    return registry.traits.inProcess === true ? `other processes cannot see it in ${registry.name}` : undefined;
  }

  /** True as well when no caller has ever seen the instance, and no request under way can show it any more. */
  async #needsNoDrain(): Promise<boolean> {
    if (this.#noDrain !== undefined) return true;
    const { halt, heartbeat, registry } = this.#plan;
    if (heartbeat()?.active !== undefined) return false;
    await halt(this.#stopping());
    return heartbeat()?.active === undefined && !registry.inDoubt;
  }

  /** Streams get their time from the end of the drain, and none without a drain. */
  get #closeLimits(): CloseLimits {
    const responsesMs = Math.max(0, this.#streamsEndAt - this.#plan.clock.now());
    return { responsesMs, streamsMs: this.#skipDrain || this.#noDrain !== undefined ? 0 : responsesMs };
  }

  get #streamsEndAt(): number {
    const { drain, stopTimeoutMs } = this.#plan.config;
    const { beganAt, endsAt } = this.#stop;
    // A stop may follow long after `leave()`.
    const from = Math.max(this.#drainedAt ?? beganAt, beganAt);
    return Math.min(from + drain.streamsMs, endsAt - Math.min(RESERVE_MS, stopTimeoutMs / 10));
  }

  #stopping(): StoppedError {
    return new StoppedError(`the Registrar is stopping: ${this.#reason}`);
  }
}

/** When the TTL took the entry out of traffic; undefined while some readers may still find it. */
function expiredAt(active: Readonly<ActiveRegistration> | undefined, now: number, beganAt: number): number | undefined {
  if (active === undefined) return beganAt;
  const expiry = expiryOf(active);
  return now < expiry + EXPIRY_NOTICED_MS ? undefined : expiry;
}
