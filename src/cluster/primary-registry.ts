import { ConfigError, RegistrationLostError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry, Registration } from '../contracts/registry.js';
import type { Answer, Request } from './messages.js';
import type { PrimaryLink } from './primary-link.js';
import type { Coordination } from './coordination.js';

/** The primary as a worker's registry: it combines the registrations of all workers into one instance. */
export class PrimaryRegistry implements Coordination {
  readonly #link: PrimaryLink;
  #handedOver = false;

  constructor(link: PrimaryLink) {
    this.#link = link;
  }

  get handedOver(): boolean {
    return this.#handedOver;
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    // A primary that has gone holds no entry.
    return this.#link.isOpen ? (await this.#ask({ verb: 'read', key }, signal)).entry : undefined;
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    await this.#ask({ verb: 'register', instance, report }, signal);
    const key = keyOf(instance);
    return {
      holder: () => 'primary',
      renew: async (next, abort) => {
        await this.#ask({ verb: 'renew', key, report: next }, abort);
        return { ttlMs: instance.ttlMs };
      },
      deregister: (abort) => this.remove(key, abort),
    };
  }

  /** Resolves when the worker may stop: other workers serve on, or the instance is deregistered. */
  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    if (!this.#link.isOpen) return;
    const { handedOver = false } = await this.#ask({ verb: 'remove', key }, signal);
    this.#handedOver = handedOver;
  }

  async #ask(request: Request, signal: AbortSignal): Promise<Extract<Answer, { outcome: 'done' }>> {
    const answer = await this.#link.ask(request, signal);
    const context = { registry: 'primary', operation: request.verb };
    if (answer.outcome === 'lost')
      throw new RegistrationLostError('the primary of the cluster does not count this worker in', context);
    if (answer.outcome === 'refused')
      throw new ConfigError([
        {
          field: 'cluster',
          value: request.verb,
          allowed: `what the primary accepts, which refuses this worker: ${answer.problem}`,
        },
      ]);
    return answer;
  }
}
