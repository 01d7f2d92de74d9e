import type { Clock } from '../core/clock.js';
import type { DriftPolicy } from '../contracts/policies.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { Entry } from '../contracts/registry.js';
import type { Events } from '../telemetry/events.js';
import { driftOf } from './drift.js';
import { FailingProbes } from './failing-probes.js';

/** Rate-limits repairs so that we do not fight another writer. */
const REPAIR_AGAIN_MS = 60_000;
/** The longest time between two reads where no watch reports changes. */
const LOOK_EVERY_MS = 30_000;

/** Decides when to read the entry and whether to repair it. */
export class Reconciler {
  readonly #policy: DriftPolicy;
  readonly #clock: Clock;
  readonly #events: Events;
  readonly #probes: FailingProbes;
  #lookedAt: number;
  #news = false;
  #repairedAt = -Infinity;
  #reported = '';

  constructor(policy: DriftPolicy, clock: Clock, events: Events) {
    this.#policy = policy;
    this.#clock = clock;
    this.#events = events;
    this.#probes = new FailingProbes(events);
    this.#lookedAt = clock.now();
  }

  /** The entry may have changed. */
  news(): void {
    this.#news = true;
  }

  get lookIsDue(): boolean {
    return this.#news || this.#clock.now() - this.#lookedAt >= LOOK_EVERY_MS;
  }

  /** The entry was read, or reading it became pointless. */
  looked(): void {
    this.#news = false;
    this.#lookedAt = this.#clock.now();
  }

  /**
   * Whether to write the entry again. Emits `drift` once a difference and at every repair, and warns of checks that
   * cannot pass.
   */
  mustRepair(instance: ServiceInstance, entry: Entry, probes: boolean): boolean {
    this.#probes.look(entry);
    if (this.#policy === 'ignore') return false;
    const fields = driftOf(instance, entry, probes);
    const repaired =
      fields.length > 0 && this.#policy === 'repair' && this.#clock.now() - this.#repairedAt >= REPAIR_AGAIN_MS;
    if (repaired) this.#repairedAt = this.#clock.now();
    const what = fields.join();
    if (repaired || (what !== '' && what !== this.#reported)) this.#events.emit('drift', { fields, repaired });
    this.#reported = repaired ? '' : what;
    return repaired;
  }
}
