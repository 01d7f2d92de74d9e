import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import type { HealthReport } from '../contracts/health-report.js';
import { registered, renewed, toEntry } from '../instance/leased-instance.js';
import type { LeasedInstance } from '../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../contracts/service-instance.js';
import type { Entry, Registration, Registry, Renewal } from '../contracts/registry.js';
import type { ElectionStore } from './election-store.js';
import { overallHealth } from './serving-workers.js';
import type { Coordination } from './coordination.js';

/** How soon somebody notices that nobody holds the entry any more. */
const LOOK_EVERY_MS = 500;
/** Of the TTL: a holder that gives no sign for so long is followed by another before the entry runs out. */
const DEAD_AFTER = 2 / 3;

export interface LeaderElectionPlan {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly pid: number;
  readonly isRunning: (pid: number) => boolean;
  /** @default one for this user, in the system's directory for temporary files */
  readonly folder?: string;
}

/**
 * Workers without a primary of ours, as PM2 has them, agree on who of them holds the one entry. The holder beats for all; the others stand by, and
 * the first that finds the place empty takes the entry over as it is: same id, written over, so that readers see no gap.
 */
export class LeaderElection implements Coordination {
  readonly #plan: LeaderElectionPlan;
  #store: Promise<ElectionStore> | undefined;
  /** Our own part, of which the registry knows nothing while we stand by. */
  #leased: LeasedInstance | undefined;
  #held: Registration | undefined;
  #handedOver = false;

  constructor(plan: LeaderElectionPlan) {
    this.#plan = plan;
  }

  get handedOver(): boolean {
    return this.#handedOver;
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const isOurs =
      this.#held !== undefined || (this.#leased === undefined && (await (await this.#meet(key)).others()).length === 0);
    if (isOurs) return this.#plan.registry.read(key, signal);
    // What is there is the work of another of us: no past self of ours, and no rival.
    return this.#leased && toEntry(this.#leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const store = await this.#meet(instance);
    this.#leased = registered(instance, report, this.#leased);
    this.#handedOver = false;
    await store.sign(report);
    if (await store.take()) this.#held = await this.#plan.registry.register(instance, report, signal);
    return {
      holder: () => this.#held?.holder() ?? 'another worker',
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
    // Asked before each beat: whoever was still for too long has been followed by another.
    if (!(await store.take())) {
      this.#held = undefined;
      return { ttlMs: instance.ttlMs, nextBeatInMs: LOOK_EVERY_MS };
    }
    this.#held ??= await this.#plan.registry.register(instance, report, signal);
    return this.#held.renew(forAll(report, await store.others()), signal);
  }

  /** Called until the entry is gone or another's. Whoever is the last removes it; otherwise it is left for one of the others to take over. */
  async #leave(store: ElectionStore, signal: AbortSignal): Promise<void> {
    await store.withdraw();
    this.#leased = undefined;
    this.#handedOver = (await store.others()).length > 0;
    if (!this.#handedOver) await this.#held?.deregister(signal);
    await store.release();
  }

  #meet({ name, id, namespace, partition }: InstanceKey): Promise<ElectionStore> {
    const { clock, pid, isRunning, ttlMs, folder } = this.#plan;
    const { uid } = userInfo();
    const plan = {
      folder: folder ?? join(tmpdir(), `rollcall-workers-${String(uid)}`),
      id: JSON.stringify([partition, namespace, name, id]),
      uid,
      pid,
      isRunning,
      clock,
      deadAfterMs: ttlMs * DEAD_AFTER,
    };
    // Loaded when it is needed: its parts of Node are dear.
    this.#store ??= import('./election-store.js').then(({ ElectionStore }) => new ElectionStore(plan));
    return this.#store;
  }
}

/** As fit as the fittest; out of traffic on purpose only when all are. */
function forAll(own: HealthReport, others: readonly HealthReport[]): HealthReport {
  const healths = [own, ...others];
  const { status, detail } = overallHealth(healths);
  if (healths.every((health) => health.status === own.status)) return own;
  return { status, reason: detail };
}
