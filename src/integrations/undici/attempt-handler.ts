import type { BalancedCall } from '../../balancing/balancer.js';
import type { Controller, Handler } from './dispatching.js';

/** How much of an answer is read that no caller gets, so that its connection can be used again. */
const MOST_DROPPED_BYTES = 65_536;

/** `queued`: not a byte of it was written; `dropped`: another attempt has replaced it. */
export type AttemptPhase = 'queued' | 'sent' | 'answered' | 'dropped';

/** What decides about an attempt that has ended. */
export interface AttemptJudge {
  answered(picked: BalancedCall, status: number, controller: Controller): boolean;
  failed(picked: BalancedCall, error: unknown, phase: AttemptPhase, controller: Controller | null): boolean;
}

/** Passes on to the caller how one attempt goes, unless another one replaces it. */
export class AttemptHandler implements Handler {
  readonly #judge: AttemptJudge;
  readonly #picked: BalancedCall;
  readonly #caller: Handler;
  #phase: AttemptPhase = 'queued';
  #droppedBytes = 0;

  constructor(judge: AttemptJudge, picked: BalancedCall, caller: Handler) {
    this.#judge = judge;
    this.#picked = picked;
    this.#caller = caller;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#phase = 'sent';
    this.#caller.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, status: number, headers: unknown, socket: unknown): void {
    this.#phase = 'answered';
    this.#picked.done();
    this.#caller.onRequestUpgrade?.(controller, status, headers, socket);
  }

  onBodySent(chunk: unknown): void {
    this.#caller.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#caller.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#caller.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: unknown, message?: string): void {
    // An informational one, e.g. early hints.
    if (status >= 200) {
      const isReplaced = this.#judge.answered(this.#picked, status, controller);
      this.#phase = isReplaced ? 'dropped' : 'answered';
      if (isReplaced) return;
    }
    this.#caller.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Controller, chunk: Uint8Array): void {
    if (this.#phase !== 'dropped') {
      this.#caller.onResponseData?.(controller, chunk);
      return;
    }
    this.#droppedBytes += chunk.length;
    if (this.#droppedBytes > MOST_DROPPED_BYTES)
      controller.abort(new Error('The request was sent to another instance'));
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    if (this.#phase !== 'dropped') this.#caller.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller | null, error: unknown): void {
    if (this.#phase === 'dropped') return;
    // An answer that breaks off has been counted, and the caller has its beginning.
    const isReplaced = this.#phase !== 'answered' && this.#judge.failed(this.#picked, error, this.#phase, controller);
    if (isReplaced) this.#phase = 'dropped';
    else this.#caller.onResponseError?.(controller, error);
  }
}
