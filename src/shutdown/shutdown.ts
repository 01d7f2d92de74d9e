import type { Clock } from '../core/clock.js';
import type { Config } from '../config/config.js';
import { EXPIRY_NOTICED_MS } from '../config/defaults.js';
import { StoppedError, TimeoutError, asError } from '../core/errors.js';
import type { HeartbeatHandle } from '../heartbeat/heartbeat-handle.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { BoundServer } from '../server/bound-server.js';
import type { Events } from '../telemetry/events.js';
import type { ActiveRegistration } from '../heartbeat/active-registration.js';
import { Drain } from './drain.js';
import { deregister } from './deregister.js';
import type { Deregistration } from './deregister.js';
import type { Hooks } from './hooks.js';
import type { StateMachine } from '../telemetry/state-machine.js';

export interface ShutdownPlan {
  readonly config: Config;
  readonly clock: Clock;
  readonly events: Events;
  readonly machine: StateMachine;
  readonly hooks: Hooks;
  readonly registry: GuardedRegistry;
  readonly server: () => BoundServer | undefined;
  readonly heartbeat: () => HeartbeatHandle | undefined;
  /** Ends the answers on the port that health has to itself. */
  readonly closeHealthServer: () => Promise<void>;
  /** Ends start, heartbeat and recovery; resolves when none of them runs any more. */
  readonly halt: (reason: Error) => Promise<void>;
}

/**
 * The way out, in one order: leave the registry, serve on until the traffic is gone, close, let go. Each part happens
 * once.
 */
export class Shutdown {
  readonly #plan: ShutdownPlan;
  readonly #forceStop = new AbortController();
  readonly #over = new AbortController();
  #skipDrain = false;
  #waitsFor: () => string | undefined = () => undefined;
  #beginning: Promise<readonly Error[]> | undefined;
  #leaving: Promise<Deregistration> | undefined;
  #stopping: Promise<readonly Error[]> | undefined;

  constructor(plan: ShutdownPlan) {
    this.#plan = plan;
  }

  get hasBegun(): boolean {
    return this.#beginning !== undefined;
  }

  /** What it is waiting for, for people; undefined: for nothing. */
  get waitingFor(): string | undefined {
    return this.#waitsFor();
  }

  /** Ends the serving on: a person at a terminal is waiting. */
  skipDrain(): void {
    this.#skipDrain = true;
  }

  /** Ends everything that is still under way. */
  forceStop(reason: string): void {
    this.#forceStop.abort(new StoppedError(reason));
  }

  /** The first half: out of the registry, for good. */
  leave(reason: string): Promise<Deregistration> {
    this.#leaving ??= this.#leave(reason);
    return this.#leaving;
  }

  /** All of it. Resolves with every error met on the way; never rejects. */
  stop(reason: string): Promise<readonly Error[]> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  /** Says so and does what the host wants done while it is still listed. Resolves with the errors of that. */
  #begin(reason: string, signal: AbortSignal): Promise<readonly Error[]> {
    const { events, machine, hooks, halt } = this.#plan;
    const isListed = machine.state === 'registered';
    machine.transition('stop');
    events.emit('draining', { reason });
    this.#waitsFor = () => "the hooks 'before deregister'";
    // What is not listed by now is not to be listed any more; what is beats on meanwhile.
    if (!isListed) void halt(stopping(reason));
    return hooks.run('before deregister', signal);
  }

  async #leave(reason: string): Promise<Deregistration> {
    const { config, clock, events, registry, heartbeat, halt } = this.#plan;
    const startedAt = clock.now();
    const deadline = new AbortController();
    const callOff = this.#setDeadline(deadline);
    const errors = await (this.#beginning ??= this.#begin(
      reason,
      AbortSignal.any([this.#forceStop.signal, deadline.signal]),
    ));
    await halt(stopping(reason));
    const beating = heartbeat();
    if (beating === undefined) {
      callOff();
      return { confirmed: true, errors };
    }
    const policy = registry.handedOver === undefined ? config.policy : 'deregister';
    const plan = { policy, registry, instance: beating.held?.instance ?? beating.instance, held: beating.held, clock };
    const departure = await deregister(
      plan,
      AbortSignal.any([this.#forceStop.signal, this.#over.signal, deadline.signal]),
    );
    callOff();
    events.emit('deregistered', { policy, confirmed: departure.confirmed, tookMs: clock.now() - startedAt });
    return { ...departure, errors: [...errors, ...departure.errors] };
  }

  async #stop(reason: string): Promise<readonly Error[]> {
    const { clock, events, machine, hooks, registry, server, closeHealthServer } = this.#plan;
    const startedAt = clock.now();
    const release = clock.hold();
    const callOff = this.#setDeadline(this.#forceStop);
    const errors: Error[] = [];
    // Serving on counts from when we begin to leave.
    await (this.#beginning ??= this.#begin(reason, this.#forceStop.signal));
    const leaving = this.leave(reason);
    server()?.startDraining();
    // Drained are the connections that are open, where new ones would never cease to come.
    void leaving.then(() => (registry.handedOver === true ? server()?.stopListening() : undefined));
    await this.#serveOn(leaving);
    // Whoever has not seen us go by now has to wait for the TTL.
    this.#over.abort(new StoppedError('the drain is over'));
    errors.push(...(await leaving).errors);
    const steps = [
      { waitsFor: () => "the hooks 'after drain'", run: () => hooks.run('after drain', this.#forceStop.signal) },
      { waitsFor: () => whatIsOpen(server()), run: () => server()?.close(this.#forceStop.signal) },
      {
        waitsFor: () => "the hooks 'after close'",
        run: () => closeHealthServer().then(() => hooks.run('after close', this.#forceStop.signal)),
      },
      { waitsFor: () => 'the registry to let go', run: () => registry.close() },
    ];
    for (const { waitsFor, run } of steps) {
      this.#waitsFor = waitsFor;
      try {
        errors.push(...((await run()) ?? []));
      } catch (thrown) {
        errors.push(asError(thrown));
      }
    }
    this.#waitsFor = () => undefined;
    callOff();
    server()?.release();
    machine.transition('drained');
    events.emit('stopped', { tookMs: clock.now() - startedAt, errors });
    release();
    return errors;
  }

  /**
   * One over all that `ended` ends, the closing of the server included: a request that never ends must not hold it
   * up.
   */
  #setDeadline(ended: AbortController): () => void {
    const { clock, config } = this.#plan;
    return clock.after(config.stopTimeoutMs, () => {
      ended.abort(
        new TimeoutError(`stop took longer than shutdown.timeout (${String(config.stopTimeoutMs)} ms)`, {
          operation: 'stop',
        }),
      );
    });
  }

  async #serveOn(leaving: Promise<Deregistration>): Promise<void> {
    const { clock, config, events, heartbeat, server } = this.#plan;
    if (heartbeat() === undefined) return;
    const beganAt = clock.now();
    let absentSince: number | undefined;
    void leaving.then(({ confirmed }) => {
      if (confirmed) absentSince = clock.now();
    });
    if (this.#skipDrain) {
      // No serving on, but time enough to get out of the registry.
      await Promise.race([leaving, clock.sleep(config.drain.minMs, this.#forceStop.signal).catch(() => undefined)]);
      return;
    }
    const drain = new Drain({
      ...config.drain,
      clock,
      sources: () => server()?.sources ?? [],
      absentSince: () => absentSince ?? expiredAt(heartbeat()?.held, clock.now(), beganAt),
    });
    this.#waitsFor = () => drain.waitingFor;
    const stillComing = await drain.over(this.#forceStop.signal);
    if (stillComing.length > 0)
      events.emit('warning', {
        message: `closing at the end of shutdown.drain.max (${String(config.drain.maxMs)} ms), although requests still come from ${stillComing.join(', ')}`,
      });
  }
}

/**
 * When the TTL took the entry out of traffic; undefined: not yet for every reader. What never had a heartbeat was
 * never in it.
 */
function expiredAt(held: Readonly<ActiveRegistration> | undefined, now: number, beganAt: number): number | undefined {
  if (held === undefined) return beganAt;
  const expiry = held.beatAt + held.ttlMs;
  return now < expiry + EXPIRY_NOTICED_MS ? undefined : expiry;
}

function whatIsOpen(server: BoundServer | undefined): string | undefined {
  if (server === undefined) return undefined;
  const { inFlight, openConnections } = server.traffic;
  return inFlight > 0 ? `${String(inFlight)} requests in flight` : `${String(openConnections)} connections to close`;
}

function stopping(reason: string): StoppedError {
  return new StoppedError(`the Registrar is stopping: ${reason}`);
}
