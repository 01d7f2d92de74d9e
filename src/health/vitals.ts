import type { Clock } from '../clock.js';
import { CircuitOpenError, ConfigError } from '../errors.js';
import { printable } from '../telemetry/printable.js';
import { aggregate } from './aggregate.js';
import { Circuit } from './circuit.js';
import { componentNameFault, effects, isComponentStatus, outcomeOf } from './component.js';
import type { ComponentPlan, Outcome } from './component.js';
import { monitor } from './monitor.js';
import { Opinion } from './opinion.js';
import type { ComponentHealth, ComponentStatus, Health } from './report.js';

/** Between two changes of the health: what flickers costs no more than four heartbeats a second. */
const CHANGE_GAP_MS = 250;
/** Of a component's own words. */
const LONGEST_DETAIL = 300;
/** Reports make components; a mistake must not make them without end. */
const MOST_COMPONENTS = 256;

export interface VitalsPlan {
  readonly components: readonly ComponentPlan[];
  readonly clock: Clock;
  /** Told when a component changes; `detail` is its own words. */
  readonly onComponent: (component: ComponentHealth & { readonly detail: string | undefined }) => void;
  /** Told when the health does. */
  readonly onChange: (health: Health) => void;
}

interface Part {
  readonly plan: ComponentPlan;
  readonly opinion: Opinion;
  readonly circuit: Circuit;
}

/** A report about what the options do not name is taken as it stands. */
const reportedOnly = { run: undefined, intervalMs: Infinity, timeoutMs: Infinity, failures: 1, successes: 1, onFail: 'critical' } as const;

/** All components of an instance and the health they make. */
export class Vitals {
  readonly #plan: VitalsPlan;
  readonly #parts = new Map<string, Part>();
  #health: Health;
  #changedAt = -Infinity;
  #settling: (() => void) | undefined;

  constructor(plan: VitalsPlan) {
    this.#plan = plan;
    for (const component of plan.components) this.#add(component);
    this.#health = this.#aggregate();
  }

  get health(): Health {
    return this.#health;
  }

  /** Runs the components until the signal aborts. Resolves when each of those that others see in the registry was looked at once. */
  async start(signal: AbortSignal): Promise<void> {
    const seen: Promise<void>[] = [];
    for (const part of this.#parts.values()) {
      const { run, onFail } = part.plan;
      if (run === undefined) continue;
      const first = new Promise<void>((resolve) => {
        const tell = (outcome: Outcome) => {
          this.#hear(part, outcome);
          resolve();
        };
        monitor({ plan: { ...part.plan, run }, clock: this.#plan.clock, tell }, signal).catch(resolve);
      });
      if (onFail === 'warning' || onFail === 'critical') seen.push(first);
    }
    signal.addEventListener('abort', () => this.#settling?.(), { once: true });
    await Promise.all(seen);
  }

  /** Takes what the service itself says of a component. Throws `ConfigError` for what cannot be one. */
  report(name: string, status: ComponentStatus, detail?: string): void {
    const part = this.#parts.get(name) ?? this.#reported(name);
    if (!isComponentStatus(status)) throw new ConfigError([{ field: `report('${name}')`, value: status, allowed: "'passing', 'warning' or 'critical'" }]);
    this.#hear(part, outcomeOf({ status, detail }));
  }

  /** Calls `fn` unless the component's circuit is open; settles as `fn` does, or rejects with `CircuitOpenError`. */
  async guard<T>(name: string, fn: () => T | Promise<T>): Promise<T> {
    const part = this.#parts.get(name);
    if (part?.plan.onFail !== 'break') throw new ConfigError([{ field: 'guard', value: name, allowed: "the name of a component with onFail: 'break'" }]);
    if (part.circuit.isOpen) throw new CircuitOpenError(`${name} is failing and is not called: its circuit is open until the component's run succeeds`, { operation: 'guard' });
    return part.circuit.through(fn);
  }

  #reported(name: string): Part {
    const fault = this.#parts.size < MOST_COMPONENTS ? componentNameFault(name) : `at most ${String(MOST_COMPONENTS)} components`;
    if (fault !== undefined) throw new ConfigError([{ field: 'report', value: name, allowed: fault }]);
    return this.#add({ ...reportedOnly, name });
  }

  #add(plan: ComponentPlan): Part {
    const circuit = new Circuit(() => {
      part.opinion.settle({ status: 'critical', reason: 'open' });
      this.#changed(part, 'calls to it fail, one after another');
    });
    const part = { plan, opinion: new Opinion(plan), circuit };
    this.#parts.set(plan.name, part);
    return part;
  }

  #hear(part: Part, outcome: Outcome): void {
    const { plan, opinion, circuit } = part;
    const breaks = plan.onFail === 'break' && outcome.status === 'critical';
    if (!opinion.hear(breaks ? { ...outcome, reason: 'open' } : outcome)) return;
    if (opinion.status === 'critical') circuit.open();
    else circuit.close();
    this.#changed(part, outcome.detail);
  }

  #changed(part: Part, detail: string | undefined): void {
    this.#plan.onComponent({ ...healthOf(part), detail: detail === undefined ? undefined : printable(detail, LONGEST_DETAIL) });
    this.#settle();
  }

  /** Makes the health what the components make it, now or when the last change is long enough ago. */
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
    return aggregate([...this.#parts.values()].map(healthOf));
  }
}

function healthOf({ plan, opinion }: Part): ComponentHealth {
  const { status, reason } = opinion;
  return { name: plan.name, status, reason, effect: effects[plan.onFail][status] };
}
