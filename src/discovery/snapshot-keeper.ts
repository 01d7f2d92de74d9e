import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { asError } from '../core/errors.js';
import type { SavedService, SnapshotKey } from './saved-service.js';
import type { WatchedService } from './service-watch.js';
import type { SnapshotStore } from './snapshot-store.js';

/** The shortest time between two writes of a service. */
const SAVE_EVERY_MS = 1_000;
/** How old a file becomes whose service does not change, so that its age stays honest. */
const CONFIRM_EVERY_MS = 60_000;
/** The pause after a failure, e.g. on a full disk. */
const RETRY_AFTER_MS = 10_000;
/** A disk that hangs must hold nothing up. */
const DISK_WITHIN_MS = 5_000;

/** The part of a store that a keeper uses. */
export type SnapshotFiles = Pick<SnapshotStore, 'load' | 'save' | 'savedAgoMs'>;

export interface SnapshotKeeperPlan {
  readonly key: SnapshotKey;
  readonly watch: WatchedService;
  /** Loads the store at first use. */
  readonly openStore: () => Promise<SnapshotFiles>;
  readonly clock: Clock;
  /** Called when the disk begins to fail; the answers go on without it. */
  readonly onProblem: (problem: Error) => void;
}

/** Saves what the registry says of a service, for other processes of the host and the next start. */
export class SnapshotKeeper {
  readonly #plan: SnapshotKeeperPlan;
  readonly #unsubscribe: () => void;
  readonly #controller = new AbortController();
  #savedInstances: readonly ResolvedInstance[] | undefined;
  #writtenAt = -Infinity;
  #pauseMs = SAVE_EVERY_MS;
  #hasProblem = false;
  #isScheduled = false;
  #cancelTimer: () => void = () => undefined;

  constructor(plan: SnapshotKeeperPlan) {
    this.#plan = plan;
    this.#unsubscribe = plan.watch.subscribe(({ kind }) => {
      if (kind === 'polled') this.#schedule();
    });
  }

  /** What was saved before; undefined if nothing usable was. Never rejects. */
  async load(): Promise<SavedService | undefined> {
    const { openStore, key } = this.#plan;
    return this.#onDisk('reading', async () => (await openStore()).load(key));
  }

  close(): void {
    this.#unsubscribe();
    this.#cancelTimer();
    this.#controller.abort();
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isDue) return;
    this.#isScheduled = true;
    const { clock } = this.#plan;
    this.#cancelTimer = clock.after(Math.max(0, this.#writtenAt + this.#pauseMs - clock.now()), () => {
      void this.#save();
    });
  }

  /** Only what the registry confirms is worth keeping, and nothing that is doubted. */
  get #isDue(): boolean {
    const { watch, clock } = this.#plan;
    const { state, doubted, wasSeen, instances } = watch.picture;
    if (state !== 'live' || doubted > 0 || !wasSeen) return false;
    return instances !== this.#savedInstances || clock.now() - this.#writtenAt >= CONFIRM_EVERY_MS;
  }

  async #save(): Promise<void> {
    const { key, watch, clock, openStore } = this.#plan;
    const { instances = [], answeredAt = 0 } = watch.picture;
    const isDue = this.#isDue;
    if (isDue) {
      this.#writtenAt = clock.now();
      const isNews = instances !== this.#savedInstances;
      const done = await this.#onDisk('writing', async () => {
        const store = await openStore();
        // Another process of the host may have confirmed the same.
        if (!isNews && (await store.savedAgoMs(key)) < CONFIRM_EVERY_MS / 2) return true;
        await store.save(key, clock.wallTime() - (clock.now() - answeredAt), instances);
        return true;
      });
      if (done === true) this.#savedInstances = instances;
      this.#pauseMs = done === true ? SAVE_EVERY_MS : RETRY_AFTER_MS;
    }
    this.#isScheduled = false;
    if (!this.#controller.signal.aborted) this.#schedule();
  }

  async #onDisk<T>(operation: string, work: () => Promise<T>): Promise<T | undefined> {
    const { clock, key, onProblem } = this.#plan;
    const { signal } = this.#controller;
    try {
      const context = { operation: `${operation} the snapshot of ${key.service}` };
      const result = await withDeadline(clock, DISK_WITHIN_MS, context, signal, work);
      this.#hasProblem = false;
      return result;
    } catch (thrown) {
      if (!signal.aborted && !this.#hasProblem) {
        this.#hasProblem = true;
        onProblem(asError(thrown));
      }
      return undefined;
    }
  }
}
