import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.js';
import { watchIdleEnds } from './idle-ends.js';

/** When `server.close()` by other code waits. */
export interface CloseHoldPlan {
  /** Whether callers may still find the instance, so that a closed port would refuse them. */
  readonly isListed: () => boolean;
  /** The longest wait. */
  readonly maxMs: number;
  /** The hold of the server that this one is another listener of; it is released with that. */
  readonly beside?: CloseHold;
}

export interface HeldServer {
  readonly clock: Clock;
  /** The open connections, encrypted ones as the host sees them. */
  readonly connections: () => Iterable<Socket>;
  /** Whether a request of this connection is in progress, or its protocol has changed. */
  readonly isBusy: (socket: Socket) => boolean;
}

/**
 * Delays `server.close()` of other code until `release()`. A host that ends connections itself releases it: each
 * further connection would be one more for the host to cut off.
 */
export class CloseHold {
  readonly #plan: CloseHoldPlan;
  readonly #server: HeldServer;
  /** In the order of the calls, so that Node answers each as ever. */
  readonly #calls: (() => void)[] = [];
  /** Node ends these itself: after a timeout, or after a request that cannot be parsed. */
  readonly #excused = new WeakSet<Socket>();
  #endWatches: (() => void)[] = [];
  readonly #others: CloseHold[] = [];

  constructor(plan: CloseHoldPlan, server: HeldServer) {
    this.#plan = plan;
    this.#server = server;
    if (plan.beside !== undefined) plan.beside.#others.push(this);
  }

  /** For another listener of the service. The host may give that one up alone: it waits only while this one does. */
  get planBeside(): CloseHoldPlan {
    return { isListed: () => this.isHolding, maxMs: this.#plan.maxMs, beside: this };
  }

  get isHolding(): boolean {
    return this.#calls.length > 0;
  }

  /** Returns true when `close` runs later; false: run it now. */
  hold(close: () => void): boolean {
    if (!this.#plan.isListed()) return false;
    this.#calls.push(close);
    if (this.#calls.length > 1) return true;
    this.#endWatches.push(this.#server.clock.after(this.#plan.maxMs, () => this.release()));
    for (const socket of this.#server.connections()) this.opened(socket);
    return true;
  }

  /** Call it with every connection that opens meanwhile. */
  opened(socket: Socket): void {
    if (!this.isHolding) return;
    const isExcused = () => this.#excused.has(socket) || this.#server.isBusy(socket);
    this.#endWatches.push(watchIdleEnds(socket, isExcused, () => this.release()));
  }

  /** Node is about to end this connection. */
  excuse(socket: Socket): void {
    this.#excused.add(socket);
  }

  /** Carries out the calls that wait. */
  release(): void {
    for (const end of this.#endWatches.splice(0)) end();
    for (const close of this.#calls.splice(0)) close();
    for (const other of this.#others) other.release();
  }
}
