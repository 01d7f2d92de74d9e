import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { HealthStatus } from '../contracts/health-report.js';
import { ejectionTransitions } from './ejection.js';
import type { EjectionState, EjectionTransition } from './ejection.js';
import { Latency } from './latency.js';
import { PendingCalls } from './pending-calls.js';
import type { Callee } from './picked.js';
import { rankOf } from './subset.js';
import { ticksOf } from './ticks.js';

/** A share of its weight that a new instance begins with under `slowStart`. */
const FIRST_SHARE = 0.1;

/** What the calls to one incarnation of an instance have shown. */
export class InstanceLoad implements Callee {
  readonly latency: Latency;
  readonly pending = new PendingCalls();
  readonly rank: number;
  readonly firstSeenAt: number;
  readonly owner: Callee['owner'];
  /** As the registry gives it now. */
  instance: ResolvedInstance;
  /** Of the instance; here, since each update looks at that of all. */
  status: HealthStatus;
  /** Higher: more calls. */
  weight = 1;
  failedInRow = 0;
  /** Ejections without a success between them. */
  ejections = 0;
  /** On the monotonic clock; meaningful while it is out. */
  ejectedAt = 0;
  failures = 0;
  cancelTimer: () => void = () => undefined;
  #state: EjectionState = 'in';

  constructor(
    instance: ResolvedInstance,
    owner: Callee['owner'],
    { salt, now }: { readonly salt: number; readonly now: number },
  ) {
    this.owner = owner;
    this.instance = instance;
    this.status = instance.status;
    this.rank = rankOf(instance.id, salt);
    this.firstSeenAt = now;
    this.latency = new Latency(ticksOf(now));
  }

  get state(): EjectionState {
    return this.#state;
  }

  /** Its entry was updated. */
  take(instance: ResolvedInstance): void {
    this.instance = instance;
    this.status = instance.status;
  }

  /** False if the transition table has no such transition. */
  transition(transition: EjectionTransition): boolean {
    const next = ejectionTransitions[this.#state][transition];
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }

  /** The weight that the registry has for its status, and as much of it as its age permits. */
  weigh(slowStartMs: number, now: number): void {
    const { status, weights } = this.instance;
    const given = (status === 'warning' ? weights?.warning : weights?.passing) ?? 1;
    const base = Number.isFinite(given) && given >= 0 ? given : 1;
    const ageMs = now - this.firstSeenAt;
    this.weight = ageMs >= slowStartMs ? base : base * Math.max(FIRST_SHARE, ageMs / slowStartMs);
  }
}

/** An incarnation: a restarted instance begins anew, and an updated one does not. */
export function incarnationKey({ id, nonce = '' }: ResolvedInstance): string {
  return `${nonce}\0${id}`;
}
