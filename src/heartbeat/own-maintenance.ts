import { isOwnMaintenance } from '../contracts/health-report.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { Entry, Registry } from '../contracts/registry.js';
import type { Events } from '../telemetry/events.js';
import type { LastKnownEntry } from './last-known-entry.js';

/** Aligns the registry's maintenance with our report; an operator's maintenance stays untouched. */
export class OwnMaintenance {
  readonly #registry: Registry;
  readonly #report: () => HealthReport;
  readonly #lastKnown: LastKnownEntry;
  readonly #events: Events;
  /** The state that was emitted last. */
  #on = false;

  constructor(registry: Registry, report: () => HealthReport, lastKnown: LastKnownEntry, events: Events) {
    this.#registry = registry;
    this.#report = report;
    this.#lastKnown = lastKnown;
    this.#events = events;
  }

  /** Whether the registry, or the last event, differs from our report. */
  get isDue(): boolean {
    return this.#wanted !== this.#on || this.#mustChange(this.#lastKnown.ownMaintenance);
  }

  /** Sets or lifts maintenance where `entry`, just read, differs; then emits the new state. */
  async uphold(entry: Entry, instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    const { reason } = this.#report();
    const wanted = this.#wanted;
    if (this.#mustChange(entry.maintenance !== undefined && isOwnMaintenance(entry.maintenance))) {
      await this.#registry.maintain?.(keyOf(instance), wanted ? reason : undefined, signal);
      this.#lastKnown.ownMaintenance = wanted;
    }
    if (wanted === this.#on) return;
    this.#on = wanted;
    this.#events.emit('maintenance', { on: wanted, reason });
  }

  /**
   * Lifts maintenance and sets it again: a registry may keep it under the credentials that set it, and revoked ones
   * could never lift it. Meanwhile the heartbeat alone keeps the instance out of traffic.
   */
  async rewrite(instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    const { maintain } = this.#registry;
    if (maintain === undefined || !this.#lastKnown.ownMaintenance) return;
    await maintain(keyOf(instance), undefined, signal);
    this.#lastKnown.ownMaintenance = false;
    if (!this.#wanted) return;
    await maintain(keyOf(instance), this.#report().reason, signal);
    this.#lastKnown.ownMaintenance = true;
  }

  get #wanted(): boolean {
    return this.#report().status === 'maintenance';
  }

  #mustChange(isSet: boolean): boolean {
    return this.#registry.maintain !== undefined && this.#lastKnown.maintenance === undefined && this.#wanted !== isSet;
  }
}
