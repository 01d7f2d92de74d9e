import type { Clock } from '../core/clock.js';
import { ownUid, privateFolder } from '../core/private-folder.js';
import type { HealthReport } from '../contracts/health-report.js';
import { registered, renewed, toEntry } from '../instance/leased-instance.js';
import type { LeasedInstance } from '../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry, Registration, Registry, Renewal } from '../contracts/registry.js';
import type { ElectionStore } from './election-store.js';
import { overallHealth } from './serving-workers.js';
import type { Coordination } from './coordination.js';

/** How soon a standby worker notices that the holder has gone. */
const LOOK_EVERY_MS = 500;
/** Share of the TTL without a sign of life after which another worker takes over, before the entry expires. */
const DEAD_AFTER = 2 / 3;

export interface LeaderElectionPlan {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly pid: number;
  readonly isRunning: (pid: number) => boolean;
  /** @default a folder of this user in the system's temporary directory */
  readonly folder?: string;
}

/**
 * Leader election among workers whose primary is not ours, e.g. under PM2: one worker holds the entry and beats for
 * all, the others stand by. When the holder has gone, the first standby takes the entry over under the same id, so
 * that readers see no gap.
 */
export class LeaderElection implements Coordination {
  readonly #plan: LeaderElectionPlan;
  #store: Promise<ElectionStore> | undefined;
  /** Our own state; the registry knows nothing of it while we stand by. */
  #leased: LeasedInstance | undefined;
  #active: Registration | undefined;
  #handedOver = false;

  constructor(plan: LeaderElectionPlan) {
    this.#plan = plan;
  }

  get handedOver(): boolean {
    return this.#handedOver;
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const isOurs =
      this.#active !== undefined ||
      (this.#leased === undefined && (await (await this.#meet(key)).others()).length === 0);
    if (isOurs) return this.#plan.registry.read(key, signal);
    // The entry was written by another worker of this instance: it is neither stale nor a conflict.
    return this.#leased && toEntry(this.#leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const store = await this.#meet(instance);
    this.#leased = registered(instance, report, this.#leased);
    this.#handedOver = false;
    await store.sign(report);
    if (await store.take()) this.#active = await this.#plan.registry.register(instance, report, signal);
    return {
      holder: () => this.#active?.holder() ?? 'another worker',
      renew: (next, abort) => this.#renew(store, instance, next, abort),
      deregister: (abort) => this.#leave(store, abort),
    };
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    await this.#plan.registry.remove(key, signal);
  }

  async #renew(
    store: ElectionStore,
    instance: ServiceInstance,
    report: HealthReport,
    signal: AbortSignal,
  ): Promise<Renewal> {
    this.#leased = renewed(this.#leased ?? registered(instance, report, undefined), report);
    await store.sign(report);
    // Checked before each beat: after a long stall another worker may have taken over.
    if (!(await store.take())) {
      this.#active = undefined;
      return { ttlMs: instance.ttlMs, nextBeatInMs: LOOK_EVERY_MS };
    }
    this.#active ??= await this.#plan.registry.register(instance, report, signal);
    return this.#active.renew(forAll(report, await store.others()), signal);
  }

  /**
   * Repeated until the entry is gone or another worker's. The last worker removes it; otherwise another worker takes
   * it over.
   */
  async #leave(store: ElectionStore, signal: AbortSignal): Promise<void> {
    await store.withdraw();
    this.#leased = undefined;
    this.#handedOver = (await store.others()).length > 0;
    if (!this.#handedOver) await this.#active?.deregister(signal);
    await store.release();
  }

  #meet({ name, id, namespace, partition }: InstanceKey): Promise<ElectionStore> {
    const { clock, pid, isRunning, ttlMs, folder } = this.#plan;
    const plan = {
      folder: folder ?? privateFolder('workers'),
      id: JSON.stringify([partition, namespace, name, id]),
      uid: ownUid(),
      pid,
      isRunning,
      clock,
      deadAfterMs: ttlMs * DEAD_AFTER,
    };
    // Loaded at first use: the Node modules it needs are expensive.
    this.#store ??= import('./election-store.js').then(({ ElectionStore }) => new ElectionStore(plan));
    return this.#store;
  }
}

/** The health of the healthiest worker; maintenance only when all workers are in maintenance. */
function forAll(own: HealthReport, others: readonly HealthReport[]): HealthReport {
  const healths = [own, ...others];
  const { status, detail } = overallHealth(healths);
  if (healths.every((health) => health.status === own.status)) return own;
  return { status, reason: detail };
}
