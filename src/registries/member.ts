import type { Clock } from '../core/clock.js';
import { hasCode } from '../core/errors.js';
import { GuardedRegistry } from './guarded-registry.js';
import type { MemberFigures } from '../contracts/composed-registry.js';
import type { Registry } from '../contracts/registry.js';

/** When a registry is passed over, and how soon it is tried again. */
export interface Patience {
  /** So many failures in a row … */
  readonly failures: number;
  /** … over at least so long put a registry out. */
  readonly outlastMs: number;
  /** How long after that it is tried again; grows to `longestMs` while trials fail. */
  readonly trialAfterMs: number;
  readonly longestMs: number;
}

/** Weight of the newest round trip. */
const SMOOTHING = 0.3;

/**
 * One registry of a composition and how it has been answering: a circuit breaker that never refuses by itself, for the last registry there is must be asked
 * whatever it did before. Own code because what there is (cockatiel) refuses, counts only what it has called, and times its trial by the wall clock.
 */
export class Member {
  readonly registry: GuardedRegistry;
  /** Its own among the members. */
  readonly name: string;
  readonly hostLocal: boolean;
  readonly #clock: Clock;
  readonly #patience: Patience;
  #outage: { readonly since: number; failures: number; trialAt: number; pauseMs: number } | undefined;
  #roundTripMs: number | undefined;
  #measuredAt = -Infinity;

  constructor(inner: Registry, name: string, clock: Clock, patience: Patience) {
    this.name = name;
    this.registry = new GuardedRegistry(inner, clock, Infinity);
    this.hostLocal = inner.traits.hostLocal ?? false;
    this.#clock = clock;
    this.#patience = patience;
  }

  get figures(): MemberFigures {
    const state = this.#outage === undefined ? 'good' : this.isOut ? 'out' : 'failing';
    return { name: this.name, state, roundTripMs: this.#roundTripMs };
  }

  /** It has failed longer than we are patient: whatever can be done elsewhere is done elsewhere. */
  get isOut(): boolean {
    const { failures, outlastMs } = this.#patience;
    return (
      this.#outage !== undefined &&
      this.#outage.failures >= failures &&
      this.#clock.now() - this.#outage.since >= outlastMs
    );
  }

  /** Out for long enough to be tried again. */
  get trialIsDue(): boolean {
    return this.#clock.now() >= (this.trialAt ?? Infinity);
  }

  /** When it is tried again, on the clock; undefined while it is not out. */
  get trialAt(): number | undefined {
    return this.isOut ? this.#outage?.trialAt : undefined;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** When it was last measured, on the clock. */
  get measuredAt(): number {
    return this.#measuredAt;
  }

  /** It is not out, or so long that it may be back. */
  get isWorthATry(): boolean {
    return !this.isOut || this.trialIsDue;
  }

  /** It answered, if only to refuse. */
  answered(): void {
    this.#outage = undefined;
  }

  /** A request that is answered at once took so long. */
  measured(tookMs: number): void {
    this.#measuredAt = this.#clock.now();
    this.#roundTripMs =
      this.#roundTripMs === undefined ? tookMs : this.#roundTripMs + SMOOTHING * (tookMs - this.#roundTripMs);
  }

  /** It gave no answer to what was sent at `sentAt`. */
  failed(sentAt: number): void {
    const { trialAfterMs, longestMs } = this.#patience;
    const trialFailed = this.isOut;
    this.#outage ??= { since: sentAt, failures: 0, trialAt: 0, pauseMs: trialAfterMs };
    const outage = this.#outage;
    outage.failures += 1;
    if (trialFailed) outage.pauseMs = Math.min(longestMs, outage.pauseMs * 2);
    outage.trialAt = this.#clock.now() + outage.pauseMs;
  }
}

/** No answer came. A refusal and a loss are answers. */
export function isSilence(error: Error): boolean {
  return (
    hasCode(error, 'ROLLCALL_REGISTRY_UNAVAILABLE') ||
    hasCode(error, 'ROLLCALL_TIMEOUT') ||
    hasCode(error, 'ROLLCALL_ALL_REGISTRIES_FAILED') ||
    hasCode(error, 'ROLLCALL_CIRCUIT_OPEN')
  );
}
