import { setMaxListeners } from 'node:events';
import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { CircuitOpenError, ConfigError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import { aggregateHealth } from './aggregate-health.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { effects, isComponentStatus, outcomeOf } from './component.js';
import { componentNameFault } from '../config/field-rules.js';
import type { Outcome } from './component.js';
import type { ComponentPlan } from '../config/config.js';
import { runComponent } from './component-runner.js';
import { StatusThreshold } from './status-threshold.js';
import type { ComponentHealth, ComponentStatus, Health } from '../contracts/health-report.js';

/** The minimum time between two changes of the health: flickering costs at most four heartbeats a second. */
const CHANGE_GAP_MS = 250;
/** Limits a component's details. */
const LONGEST_DETAIL = 300;
/** Reports create components; a mistake must not create them without end. */
const MOST_COMPONENTS = 256;

export interface HealthMonitorPlan {
  readonly components: readonly ComponentPlan[];
  readonly clock: Clock;
  /** Called when a component changes, with its details. */
  readonly onComponent: (component: ComponentHealth & { readonly detail: string | undefined }) => void;
  /** Called when the health changes. */
  readonly onChange: (health: Health) => void;
}

interface Part {
  readonly plan: ComponentPlan;
  readonly threshold: StatusThreshold;
  /** For a component with `onFail: 'break'`. */
  circuit?: CircuitBreaker;
}

/** The settings of a component that only reports know. */
const reportedOnly = {
  run: undefined,
  close: undefined,
  intervalMs: Infinity,
  timeoutMs: Infinity,
  failures: 1,
  successes: 1,
  onFail: 'critical',
  countsAsFailure: () => true,
} as const;

/** All components of an instance and their combined health. */
export class HealthMonitor {
  readonly #plan: HealthMonitorPlan;
  readonly #parts = new Map<string, Part>();
  #health: Health;
  #changedAt = -Infinity;
  #settling: (() => void) | undefined;

  constructor(plan: HealthMonitorPlan) {
    this.#plan = plan;
    for (const component of plan.components) this.#add(component);
    this.#health = this.#aggregate();
  }

  get health(): Health {
    return this.#health;
  }

  /**
   * Runs the components until the signal aborts. Resolves after the first run of each component that affects the
   * registry.
   */
  async start(until: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([until]);
    // Each component listens to it, which Node would report as a listener leak.
    setMaxListeners(0, signal);
    const seen: Promise<void>[] = [];
    for (const part of this.#parts.values()) {
      const { run, onFail } = part.plan;
      if (run === undefined) continue;
      const first = new Promise<void>((resolve) => {
        const tell = (outcome: Outcome) => {
          this.#ran(part, outcome);
          resolve();
        };
        runComponent({ plan: { ...part.plan, run }, clock: this.#plan.clock, tell }, signal).catch(resolve);
      });
      if (onFail === 'warning' || onFail === 'critical') seen.push(first);
    }
    onAbort(signal, () => this.#settling?.());
    await Promise.all(seen);
  }

  /** Takes the service's own report about a component. Throws `ConfigError` for a bad name or status. */
  report(name: string, status: ComponentStatus, detail?: string): void {
    if (!isComponentStatus(status))
      throw new ConfigError([
        { field: `report('${name}')`, value: status, allowed: "'passing', 'warning' or 'critical'" },
      ]);
    this.#hear(this.#parts.get(name) ?? this.#reported(name), outcomeOf({ status, detail }));
  }

  /** Calls `fn` unless the component's circuit is open; settles as `fn` does, or rejects with `CircuitOpenError`. */
  async guard<T>(name: string, fn: () => T | Promise<T>): Promise<T> {
    const circuit = this.#parts.get(name)?.circuit;
    if (circuit === undefined)
      throw new ConfigError([{ field: 'guard', value: name, allowed: "the name of a component with onFail: 'break'" }]);
    if (circuit.refuses)
      throw new CircuitOpenError(`${name} is failing and is not called: its circuit is open until a trial succeeds`, {
        operation: 'guard',
      });
    return circuit.through(fn);
  }

  #reported(name: string): Part {
    const fault =
      this.#parts.size < MOST_COMPONENTS ? componentNameFault(name) : `at most ${String(MOST_COMPONENTS)} components`;
    if (fault !== undefined) throw new ConfigError([{ field: 'report', value: name, allowed: fault }]);
    return this.#add({ ...reportedOnly, name });
  }

  #add(plan: ComponentPlan): Part {
    const part: Part = { plan, threshold: new StatusThreshold(plan) };
    if (plan.onFail === 'break') part.circuit = this.#circuitOf(part);
    this.#parts.set(plan.name, part);
    return part;
  }

  #circuitOf(part: Part): CircuitBreaker {
    const { run, intervalMs, timeoutMs, countsAsFailure } = part.plan;
    return new CircuitBreaker({
      clock: this.#plan.clock,
      countsAsFailure,
      // A coming run is the trial, so a call waits for it.
      patienceMs: run === undefined ? intervalMs : intervalMs + timeoutMs,
      onOverload: () => {
        part.threshold.settle({ status: 'critical', reason: 'open' });
        this.#changed(part, 'calls to it fail, one after another');
      },
      onTrial: (succeeded) => {
        this.#hear(
          part,
          outcomeOf(
            succeeded ? { status: 'passing', detail: 'a call to it on trial succeeded' } : { status: 'critical' },
          ),
        );
      },
    });
  }

  /** A run that does not fail closes a circuit that calls alone opened, whatever `successes` says. */
  #ran(part: Part, outcome: Outcome): void {
    const { threshold, circuit } = part;
    if (circuit?.isOpenedByCalls !== true || outcome.status === 'critical') {
      this.#hear(part, outcome);
      return;
    }
    threshold.settle(outcome);
    circuit.close();
    this.#changed(part, outcome.detail);
  }

  #hear(part: Part, outcome: Outcome): void {
    const { threshold, circuit } = part;
    const changed = threshold.hear(
      circuit !== undefined && outcome.status === 'critical' ? { ...outcome, reason: 'open' } : outcome,
    );
    // Also without a change: another failed run postpones the trial by a call.
    if (threshold.status === 'critical' && outcome.status === 'critical') circuit?.open();
    else if (changed) circuit?.close();
    if (changed) this.#changed(part, outcome.detail);
  }

  #changed(part: Part, detail: string | undefined): void {
    this.#plan.onComponent({
      ...healthOf(part),
      detail: detail === undefined ? undefined : printable(detail, LONGEST_DETAIL),
    });
    this.#settle();
  }

  /** Updates the combined health, now or when the last change is long enough ago. */
  #settle(): void {
    if (this.#settling !== undefined) return;
    const { clock, onChange } = this.#plan;
    const waitMs = this.#changedAt + CHANGE_GAP_MS - clock.now();
    if (waitMs > 0) {
      const cancel = clock.after(waitMs, () => {
        this.#settling = undefined;
        this.#settle();
      });
      this.#settling = cancel;
      return;
    }
    const health = this.#aggregate();
    const former = this.#health;
    this.#health = health;
    if (health.status === former.status && health.reason === former.reason) return;
    this.#changedAt = clock.now();
    onChange(health);
  }

  #aggregate(): Health {
    return aggregateHealth([...this.#parts.values()].map(healthOf));
  }
}

function healthOf({ plan, threshold }: Part): ComponentHealth {
  const { status, reason } = threshold;
  return { name: plan.name, status, reason, effect: effects[plan.onFail][status] };
}
