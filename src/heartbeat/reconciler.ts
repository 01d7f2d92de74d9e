import type { Clock } from '../core/clock.js';
import type { DriftPolicy } from '../contracts/policies.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { Entry } from '../contracts/registry.js';
import type { Events } from '../telemetry/events.js';
import { driftOf } from './drift.js';
import { FailingProbes } from './failing-probes.js';

/** Whoever changes the entry again and again is not outdone in speed. */
const REPAIR_AGAIN_MS = 60_000;
/** How old the last look may get where nothing tells of a change by itself. */
const LOOK_EVERY_MS = 30_000;

/** Decides when the entry is worth a look and what of it has to be put right. */
export class Reconciler {
  readonly #policy: DriftPolicy;
  readonly #clock: Clock;
  readonly #events: Events;
  readonly #probes: FailingProbes;
  #lookedAt: number;
  #news = false;
  #repairedAt = -Infinity;
  #told = '';

  constructor(policy: DriftPolicy, clock: Clock, events: Events) {
    this.#policy = policy;
    this.#clock = clock;
    this.#events = events;
    this.#probes = new FailingProbes(events);
    this.#lookedAt = clock.now();
  }

  /** Something told that the entry has changed. */
  news(): void {
    this.#news = true;
  }

  get lookIsDue(): boolean {
    return this.#news || this.#clock.now() - this.#lookedAt >= LOOK_EVERY_MS;
  }

  /** A look was taken, or became pointless. */
  looked(): void {
    this.#news = false;
    this.#lookedAt = this.#clock.now();
  }

  /** Whether the entry has to be written again; tells of a difference once, of every repair, and of probes that cannot pass. */
  mustRepair(instance: ServiceInstance, entry: Entry, probes: boolean): boolean {
    this.#probes.look(entry);
    if (this.#policy === 'ignore') return false;
    const fields = driftOf(instance, entry, probes);
    const repaired =
      fields.length > 0 && this.#policy === 'repair' && this.#clock.now() - this.#repairedAt >= REPAIR_AGAIN_MS;
    if (repaired) this.#repairedAt = this.#clock.now();
    const what = fields.join();
    if (repaired || (what !== '' && what !== this.#told)) this.#events.emit('drift', { fields, repaired });
    this.#told = repaired ? '' : what;
    return repaired;
  }
}
