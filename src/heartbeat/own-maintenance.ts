import { isOwnMaintenance } from '../health/report.js';
import type { HealthReport } from '../health/report.js';
import { keyOf } from '../instance/service-instance.js';
import type { ServiceInstance } from '../instance/service-instance.js';
import type { Entry, Registry } from '../registry/registry.js';
import type { Events } from '../telemetry/events.js';
import type { Remembered } from './recover.js';

/** Brings the maintenance that the registry shows into line with what we report; an operator's is left as it is. */
export class OwnMaintenance {
  readonly #registry: Registry;
  readonly #report: () => HealthReport;
  readonly #remembered: Remembered;
  readonly #events: Events;
  /** What was told last. */
  #on = false;

  constructor(registry: Registry, report: () => HealthReport, remembered: Remembered, events: Events) {
    this.#registry = registry;
    this.#report = report;
    this.#remembered = remembered;
    this.#events = events;
  }

  /** What the registry shows, or what was told of it, is not what we report. */
  get isDue(): boolean {
    return this.#wanted !== this.#on || this.#mustChange(this.#remembered.ownMaintenance);
  }

  /** Sets or lifts it as `entry`, which was just read, has to change; then tells what holds. */
  async uphold(entry: Entry, instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    const { reason } = this.#report();
    const wanted = this.#wanted;
    if (this.#mustChange(entry.maintenance !== undefined && isOwnMaintenance(entry.maintenance))) {
      await this.#registry.maintain?.(keyOf(instance), wanted ? reason : undefined, signal);
      this.#remembered.ownMaintenance = wanted;
    }
    if (wanted === this.#on) return;
    this.#on = wanted;
    this.#events.emit('maintenance', { on: wanted, reason });
  }

  /** Lifts it and sets it anew: a registry may keep it under the credentials of who set it, and with dead ones it could never be lifted. Meanwhile the heartbeat alone keeps us out of traffic. */
  async rewrite(instance: ServiceInstance, signal: AbortSignal): Promise<void> {
    const { maintain } = this.#registry;
    if (maintain === undefined || !this.#remembered.ownMaintenance) return;
    await maintain(keyOf(instance), undefined, signal);
    this.#remembered.ownMaintenance = false;
    if (!this.#wanted) return;
    await maintain(keyOf(instance), this.#report().reason, signal);
    this.#remembered.ownMaintenance = true;
  }

  get #wanted(): boolean {
    return this.#report().status === 'maintenance';
  }

  #mustChange(isSet: boolean): boolean {
    return this.#registry.maintain !== undefined && this.#remembered.maintenance === undefined && this.#wanted !== isSet;
  }
}
