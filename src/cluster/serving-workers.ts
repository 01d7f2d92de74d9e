import type { Clock } from '../core/clock.js';
import type { ComponentStatus, HealthReport, HealthStatus } from '../contracts/health-report.js';
import { registered, renewed, toEntry } from '../instance/leased-instance.js';
import type { LeasedInstance } from '../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry } from '../contracts/registry.js';

interface ServingWorker {
  readonly leased: LeasedInstance;
  readonly expired: boolean;
  /** Cancels the expiry of its last heartbeat. */
  readonly callOff: () => void;
}

/** One worker's contribution to the instance's health. */
export interface WorkerHealth extends HealthReport {
  readonly worker: number;
}

/** The health of all workers together. */
export interface OverallHealth {
  readonly status: ComponentStatus;
  /** For people, e.g. `3 of 4 workers are fit`. */
  readonly detail: string;
}

/**
 * The workers that serve, each with the report of its last heartbeat. A worker without a heartbeat for its TTL is
 * critical until the next.
 */
export class ServingWorkers {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #members = new Map<number, ServingWorker>();

  constructor(clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#members.size;
  }

  get first(): ServiceInstance | undefined {
    return this.#members.values().next().value?.leased.instance;
  }

  get healths(): WorkerHealth[] {
    return [...this.#members].map(([worker, { leased, expired }]) => ({
      worker,
      ...(expired ? { status: 'critical', reason: 'no heartbeat within the TTL' } : leased.beat),
    }));
  }

  read(worker: number, { id }: InstanceKey): Entry | undefined {
    const member = this.#members.get(worker);
    return member?.leased.instance.id === id ? toEntry(member.leased, member.expired) : undefined;
  }

  register(worker: number, instance: ServiceInstance, report: HealthReport): void {
    this.#set(worker, registered(instance, report, this.#members.get(worker)?.leased));
  }

  /** Returns false when the worker is not registered. */
  renew(worker: number, { nonce }: InstanceKey, report: HealthReport): boolean {
    const member = this.#members.get(worker);
    if (member === undefined || member.leased.instance.nonce !== nonce) return false;
    this.#set(worker, renewed(member.leased, report));
    return true;
  }

  remove(worker: number): void {
    this.#members.get(worker)?.callOff();
    if (this.#members.delete(worker)) this.#onChange();
  }

  #set(worker: number, leased: LeasedInstance): void {
    this.#members.get(worker)?.callOff();
    const callOff = this.#clock.after(leased.instance.ttlMs, () => {
      this.#members.set(worker, { leased, expired: true, callOff: () => undefined });
      this.#onChange();
    });
    this.#members.set(worker, { leased, expired: false, callOff });
    this.#onChange();
  }
}

const goodness: readonly HealthStatus[] = ['passing', 'warning'];

/** The health of the healthiest worker: while one is fit, the instance can serve. */
export function overallHealth(healths: readonly HealthReport[]): OverallHealth {
  const best = goodness.find((status) => healths.some((health) => health.status === status)) ?? 'critical';
  const fit = healths.filter(({ status }) => goodness.includes(status)).length;
  return { status: best as ComponentStatus, detail: `${String(fit)} of ${String(healths.length)} workers are fit` };
}
