import { Balancer } from '../balancing/balancer.js';
import type { BalancedCall } from '../balancing/balancer.js';
import type { InstanceLoad } from '../balancing/instance-load.js';
import { RetryBudget } from '../balancing/retry-budget.js';
import { runCall } from '../balancing/run-call.js';
import type { Call, RunRules } from '../balancing/run-call.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { ServiceEvents } from '../contracts/service-snapshot.js';
import type { Clock } from '../core/clock.js';
import { ConfigError, NoInstanceError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { parseDuration } from '../core/duration.js';
import type { Duration } from '../core/duration.js';
import type { Events } from '../telemetry/events.js';
import type { RunOptions } from './resolved-service.js';
import type { ServiceSelection } from './service-options.js';

export interface ServiceCallsPlan {
  readonly service: string;
  readonly selection: ServiceSelection;
  readonly clock: Clock;
  readonly random: () => number;
  readonly events: Events<ServiceEvents>;
  /** Says why there is no instance. */
  readonly explain: () => string;
  /** A connection to the instance was refused. */
  readonly onRefused: (instance: ResolvedInstance) => void;
}

/** The calls of one caller to a service: where they go, and what is learned from them. */
export class ServiceCalls {
  readonly budget: RetryBudget;
  readonly #plan: ServiceCallsPlan;
  readonly #balancer: Balancer;
  #known: readonly ResolvedInstance[] | undefined;
  #datacenter: string | undefined;

  constructor(plan: ServiceCallsPlan) {
    const { clock, random, selection, events, onRefused } = plan;
    this.#plan = plan;
    this.budget = new RetryBudget(clock);
    this.#balancer = new Balancer({
      ...selection.balancing,
      includesWarning: selection.includesWarning,
      clock,
      random,
      news: {
        ejected({ instance, failedInRow }, forMs) {
          events.emit('ejected', { id: instance.id, origin: String(instance.origin), failedInRow, forMs });
        },
        panic(isActive, usable, known) {
          events.emit('panic', { isActive, usable, known });
        },
        refused: onRefused,
      },
    });
  }

  /** What the calls have shown of each instance. */
  get loads(): Iterable<InstanceLoad> {
    return this.#balancer.loads;
  }

  /**
   * All instances that are known, whatever their health, and the datacenter of the caller. The same array is no news,
   * as after most polls.
   */
  update(instances: readonly ResolvedInstance[], datacenter: string | undefined): void {
    if (instances === this.#known && datacenter === this.#datacenter) return;
    this.#known = instances;
    this.#datacenter = datacenter;
    this.#balancer.update(instances, datacenter);
  }

  /** `avoid`: not the same instance, if there is another. Throws `NoInstanceError`. */
  pick(avoid?: BalancedCall): BalancedCall {
    const picked = this.#balancer.pick(avoid);
    if (picked === undefined) throw new NoInstanceError(this.#plan.explain(), { operation: 'pick' });
    return picked;
  }

  async run<T>(call: Call<T>, options: RunOptions): Promise<T> {
    const { service, clock } = this.#plan;
    const rules = checkRunOptions(options);
    return runCall(call, rules, { service, clock, budget: this.budget, pick: (avoid) => this.pick(avoid) });
  }

  close(): void {
    this.#balancer.close();
  }
}

/** Throws one `ConfigError` that lists every problem. */
function checkRunOptions(options: RunOptions): RunRules {
  const { timeout, attemptTimeout, idempotent, retry = true, signal } = options;
  const issues: ConfigIssue[] = [];
  const read = (field: string, value: Duration | undefined): number => {
    const ms = value === undefined ? Infinity : parseDuration(value);
    if (ms === undefined) issues.push({ field, value, allowed: "a duration, e.g. '2s'" });
    return ms ?? Infinity;
  };
  const rules = {
    timeoutMs: read('timeout', timeout),
    attemptTimeoutMs: read('attemptTimeout', attemptTimeout),
    idempotent,
    retry,
    signal,
  };
  if (issues.length > 0) throw new ConfigError(issues);
  return rules;
}
