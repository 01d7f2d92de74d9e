import type { ServiceInstance } from '../contracts/service-instance.js';

interface Update {
  readonly instance: ServiceInstance;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Updates of the instance on their way to the registry, each with its waiting caller. */
export class PendingUpdates {
  #pending: Update[] = [];
  #ended: Error | undefined;

  /** Resolves when the registry has the instance; rejects when it refuses it, or when there will be no more beats. */
  add(instance: ServiceInstance): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#pending.push({ instance, resolve, reject });
    });
  }

  /** The registry has the latest update, which includes all earlier ones. Returns true when a caller was waiting. */
  arrived(): boolean {
    const settled = this.#pending.splice(0);
    for (const { resolve } of settled) resolve();
    return settled.length > 0;
  }

  /** The registry refused this update. Returns the newest one still on its way, if any. */
  refused(instance: ServiceInstance, error: Error): ServiceInstance | undefined {
    const [refused, kept] = [
      this.#pending.filter((update) => update.instance === instance),
      this.#pending.filter((update) => update.instance !== instance),
    ];
    this.#pending = kept;
    for (const { reject } of refused) reject(error);
    return kept.at(-1)?.instance;
  }

  /** No update will reach the registry any more. */
  abandon(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#pending.splice(0)) reject(error);
  }
}
