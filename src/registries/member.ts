import type { Clock } from '../core/clock.js';
import { hasCode } from '../core/errors.js';
import { GuardedRegistry } from './guarded-registry.js';
import { asComposed } from '../contracts/composed-registry.js';
import type { MemberFigures } from '../contracts/composed-registry.js';
import type { Registry } from '../contracts/registry.js';

/** When a registry is skipped, and when it is tried again. */
export interface Patience {
  /** A registry is out after this many consecutive failures … */
  readonly failures: number;
  /** … over at least this time. @default 5 s, or half the TTL where that is less */
  readonly outlastMs?: number | undefined;
  /** The pause before a registry that is out is tried again. Doubles with each failed trial, up to `longestMs`. */
  readonly trialAfterMs: number;
  readonly longestMs: number;
}

const USUAL_PATIENCE_MS = 5_000;

/** Weight of the newest round trip in the average. */
const SMOOTHING = 0.3;

/**
 * One registry of a composition and its record of answers. It is a circuit breaker that never rejects a call by
 * itself, because the last remaining registry must be tried whatever its record. It is our own code, because
 * cockatiel rejects calls, counts only calls made through it, and times its trials by the wall clock.
 */
export class Member {
  readonly registry: GuardedRegistry;
  /** Unique among the members. */
  readonly name: string;
  readonly hostLocal: boolean;
  /** Whom readers follow: itself under guard, or a composition whose own readers are. */
  readonly reader: Registry;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #ttlMs: () => number;
  #outage: { readonly since: number; failures: number; trialAt: number; pauseMs: number } | undefined;
  #roundTripMs: number | undefined;
  #measuredAt = -Infinity;

  /** `ttlMs`: the shortest TTL of the instances. */
  constructor(inner: Registry, name: string, clock: Clock, patience: Patience, ttlMs: () => number) {
    this.name = name;
    this.registry = new GuardedRegistry(inner, clock, 'unpaced');
    this.reader = asComposed(inner)?.readers === undefined ? this.registry : inner;
    this.hostLocal = inner.traits.hostLocal ?? false;
    this.#clock = clock;
    this.#patience = patience;
    this.#ttlMs = ttlMs;
  }

  get figures(): MemberFigures {
    const state = this.#outage === undefined ? 'good' : this.isOut ? 'out' : 'failing';
    return { name: this.name, state, roundTripMs: this.#roundTripMs };
  }

  /** True if it has failed beyond our patience: other members are used instead where possible. */
  get isOut(): boolean {
    const { failures, outlastMs = Math.min(USUAL_PATIENCE_MS, this.#ttlMs() / 2) } = this.#patience;
    return (
      this.#outage !== undefined &&
      this.#outage.failures >= failures &&
      this.#clock.now() - this.#outage.since >= outlastMs
    );
  }

  /** True if it gave no answer to the last request. */
  get isSilent(): boolean {
    return this.#outage !== undefined;
  }

  /** True if it is out and has been left alone for long enough to be tried again. */
  get trialIsDue(): boolean {
    return this.#clock.now() >= (this.trialAt ?? Infinity);
  }

  /** The clock time of the next trial; undefined while it is not out. */
  get trialAt(): number | undefined {
    return this.isOut ? this.#outage?.trialAt : undefined;
  }

  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  /** The clock time of the last measurement. */
  get measuredAt(): number {
    return this.#measuredAt;
  }

  /** True if it is not out, or if its trial is due. */
  get isWorthATry(): boolean {
    return !this.isOut || this.trialIsDue;
  }

  /** Records an answer, even a refusal. */
  answered(): void {
    this.#outage = undefined;
  }

  /** Records the round trip of a request that is answered at once. */
  measured(tookMs: number): void {
    this.#measuredAt = this.#clock.now();
    this.#roundTripMs =
      this.#roundTripMs === undefined ? tookMs : this.#roundTripMs + SMOOTHING * (tookMs - this.#roundTripMs);
  }

  /** Records that a request sent at `sentAt` got no answer. */
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

/** True if the registry gave no answer. A refusal or a loss is an answer. */
export function isSilence(error: Error): boolean {
  return (
    hasCode(error, 'ROLLCALL_REGISTRY_UNAVAILABLE') ||
    hasCode(error, 'ROLLCALL_TIMEOUT') ||
    hasCode(error, 'ROLLCALL_ALL_REGISTRIES_FAILED') ||
    hasCode(error, 'ROLLCALL_CIRCUIT_OPEN')
  );
}
