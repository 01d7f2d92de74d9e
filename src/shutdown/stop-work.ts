import type { Config } from '../config/config.js';
import { EXPIRY_NOTICED_MS } from '../config/defaults.js';
import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import type { ActiveRegistration } from '../heartbeat/active-registration.js';
import type { HeartbeatHandle } from '../heartbeat/heartbeat-handle.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
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
  /** Closes the health port. */
  readonly closeHealthServer: () => Promise<void>;
  /** Ends start, heartbeat and recovery. Resolves when all have ended. */
  readonly halt: (reason: Error) => Promise<void>;
}

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
  #drain: Drain | undefined;
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
    machine.transition('stop');
    events.emit('draining', { reason });
    if (!isListed) void halt(this.#stopping());
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
      this.#left(true);
      return [];
    }
    const policy = registry.handedOver === undefined ? config.policy : 'deregister';
    const { active, instance } = beating;
    const plan = { policy, registry, instance: active?.instance ?? instance, active, clock };
    const { all, leaving } = this.#signals;
    const { confirmed, errors } = await deregister(plan, AbortSignal.any([all, this.#drained.signal, leaving]));
    const now = clock.now();
    const ttlLeftMs = active && Math.max(0, active.beatAt + active.ttlMs - now);
    const listedForMs = ttlLeftMs !== undefined && confirmed ? 0 : ttlLeftMs;
    events.emit('deregistered', { policy, confirmed, tookMs: now - (this.#leavingSince ?? now), listedForMs });
    this.#left(confirmed);
    return errors;
  }

  /** Serves on until the traffic has gone. */
  async drain(): Promise<void> {
    const { registry, server } = this.#plan;
    server()?.startDraining();
    // A registry that hands the port over sends new connections elsewhere only when this server takes none.
    void this.#leaving.then(() => (registry.handedOver === true ? server()?.stopListening() : undefined));
    await this.#serveOn();
    // What is not confirmed by now is left to the TTL.
    this.#drained.abort(new StoppedError('the drain is over'));
  }

  get drainWaitsFor(): string | undefined {
    return this.#drain === undefined ? 'the registry to show that it is out' : this.#drain.waitingFor;
  }

  async closeServer(): Promise<void> {
    await this.#plan.server()?.close(this.#signals.all);
  }

  get openTraffic(): string | undefined {
    const server = this.#plan.server();
    if (server === undefined) return undefined;
    const { inFlight, openConnections } = server.traffic;
    return inFlight > 0 ? `${String(inFlight)} requests in flight` : `${String(openConnections)} connections to close`;
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
    if (this.#skipDrain) {
      // Enough time to deregister.
      await Promise.race([this.#leaving, clock.sleep(config.drain.minMs, all).catch(() => undefined)]);
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

  #stopping(): StoppedError {
    return new StoppedError(`the Registrar is stopping: ${this.#reason}`);
  }
}

/** When the TTL took the entry out of traffic; undefined while some readers may still find it. */
function expiredAt(active: Readonly<ActiveRegistration> | undefined, now: number, beganAt: number): number | undefined {
  if (active === undefined) return beganAt;
  const expiry = active.beatAt + active.ttlMs;
  return now < expiry + EXPIRY_NOTICED_MS ? undefined : expiry;
}
