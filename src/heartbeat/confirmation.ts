import type { Clock } from '../core/clock.js';
import type { HealthReport, HealthStatus } from '../contracts/health-report.js';
import type { Registry } from '../contracts/registry.js';
import { keyOf } from '../contracts/service-instance.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { SETTLE_MS } from '../registries/write-doubt.js';

/**
 * After beats were closed without an answer: the registry may yet process them, and after a newer one. It is over when
 * the entry shows what the last beat said, some time after the registry answered a beat that was sent after them.
 */
export class Confirmation {
  readonly #clock: Clock;
  #doubt: { readonly since: number; answeredAt: number | undefined } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it when beats were closed. */
  begin(): void {
    this.#doubt = { since: this.#clock.now(), answeredAt: undefined };
  }

  /** A beat of this time was answered; one older than the doubt proves nothing. */
  answered(sentAt: number): void {
    if (this.#doubt !== undefined && sentAt >= this.#doubt.since) this.#doubt.answeredAt ??= this.#clock.now();
  }

  /** Whether to look and to beat again. */
  get isDue(): boolean {
    return this.#doubt?.answeredAt !== undefined;
  }

  /** Looks at the entry; true when nothing is in doubt any more. Rejects when the registry does not answer. */
  async look(registry: Registry, instance: ServiceInstance, said: HealthReport, signal: AbortSignal): Promise<boolean> {
    const doubt = this.#doubt;
    const entry = await registry.read(keyOf(instance), signal);
    // Beats were closed again meanwhile.
    if (doubt !== this.#doubt || doubt?.answeredAt === undefined) return false;
    const hasSettled = this.#clock.now() - doubt.answeredAt >= SETTLE_MS;
    const shows = entry?.instance.nonce === instance.nonce && agrees(said.status, entry.heartbeat ?? entry.status);
    if (hasSettled && shows) this.#doubt = undefined;
    return this.#doubt === undefined;
  }
}

/** An entry in maintenance is out of traffic, as a critical one is; an operator's hides what the beat said. */
function agrees(said: HealthStatus, shown: HealthStatus): boolean {
  return shown === said || shown === 'maintenance' || (said === 'maintenance' && shown === 'critical');
}
