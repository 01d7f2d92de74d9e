import type { Picked } from '../balancing/picked.js';
import type { Call } from '../balancing/run-call.js';
import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { StoppedError, TimeoutError, ConfigError, asError } from '../core/errors.js';
import { parseDuration } from '../core/duration.js';
import type { ServiceEvents, ServicePresence, ServiceSnapshot } from '../contracts/service-snapshot.js';
import { Events } from '../telemetry/events.js';
import { chooseLevel } from './choose-level.js';
import type { Level } from './choose-level.js';
import { explainAbsence } from './explain-absence.js';
import { LevelFilter } from './level-filter.js';
import type { ResolvedService, RunOptions, WaitOptions } from './resolved-service.js';
import type { SavedService } from './saved-service.js';
import { ServiceCalls } from './service-calls.js';
import type { ServiceSelection } from './service-options.js';
import type { WatchedService } from './service-watch.js';

/** How long `ready` waits. */
const READY_WITHIN_MS = 5_000;
/** How long `ready` hopes for the registry's own answer while an older one is known. */
const PREFER_LIVE_MS = 1_000;

export interface ServiceViewPlan {
  readonly name: string;
  readonly selection: ServiceSelection;
  readonly watch: WatchedService;
  readonly clock: Clock;
  readonly random: () => number;
  /** What was saved on this host; resolves to undefined if nothing usable was. Never rejects. */
  readonly saved: Promise<SavedService | undefined>;
  readonly onListenerError: (error: Error, event: string) => void;
  readonly onClose: () => void;
}

/** Chooses the level and filters it for one caller. */
export class ServiceView implements ResolvedService {
  readonly name: string;
  readonly events: Events<ServiceEvents>;
  readonly #plan: ServiceViewPlan;
  readonly #waiting = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #saved: SavedService | undefined;
  #hasLoaded = false;
  #isClosed = false;
  #cancelExpiry: () => void = () => undefined;
  readonly #filter: LevelFilter;
  #last: ServiceSnapshot;
  /** From the first call on. */
  #calls: ServiceCalls | undefined;

  constructor(plan: ServiceViewPlan) {
    this.name = plan.name;
    this.#plan = plan;
    this.events = new Events(plan.onListenerError);
    this.#filter = new LevelFilter(plan.selection);
    this.#unsubscribe = plan.watch.subscribe((news) => {
      if (news.kind === 'polled') {
        this.#refresh();
        return;
      }
      const { kind, ...payload } = news;
      this.events.emit(kind, payload);
    });
    this.#last = this.snapshot();
    void plan.saved.then((saved) => {
      this.#saved = saved;
      this.#hasLoaded = true;
      this.#refresh();
    });
  }

  snapshot(): ServiceSnapshot {
    const level = this.#level;
    const { picture } = this.#plan.watch;
    const isOwn = level.source === 'live' || level.source === 'stale' || level.source === 'memory';
    return {
      service: this.name,
      instances: this.#filter.filter(level).serving,
      source: level.source,
      ageMs: level.ageMs,
      presence: this.#presence,
      doubted: isOwn ? picture.doubted : 0,
    };
  }

  pick(): Picked {
    return this.calls.pick();
  }

  run<T>(call: Call<T>, options: RunOptions = {}): Promise<T> {
    return this.calls.run(call, options);
  }

  async ready({ timeout, signal }: WaitOptions = {}): Promise<ServiceSnapshot> {
    const timeoutMs = timeout === undefined ? READY_WITHIN_MS : parseDuration(timeout);
    if (timeoutMs === undefined)
      throw new ConfigError([{ field: 'timeout', value: timeout, allowed: "a duration, e.g. '5s'" }]);
    // Nothing else may hold the process, which would end in the middle of an `await` at its start.
    const release = this.#plan.clock.hold();
    try {
      return await this.#untilReady(timeoutMs, signal);
    } finally {
      release();
    }
  }

  async #untilReady(timeoutMs: number, signal: AbortSignal | undefined): Promise<ServiceSnapshot> {
    const { clock } = this.#plan;
    const from = clock.now();
    for (;;) {
      signal?.throwIfAborted();
      if (this.#isClosed)
        throw new StoppedError(`${this.name} is closed, so it has no answer: ask the resolver for it again`, {
          operation: 'ready',
        });
      const waitedMs = clock.now() - from;
      const found = this.snapshot();
      const isPreferred = this.#isSettled || waitedMs >= Math.min(PREFER_LIVE_MS, timeoutMs);
      if (found.instances.length > 0 && (found.source === 'live' || isPreferred)) return found;
      if (waitedMs >= timeoutMs) {
        const { picture } = this.#plan.watch;
        throw new TimeoutError(explainAbsence(found, { picture, timeoutMs }), { operation: 'ready' });
      }
      await this.#next(
        (waitedMs < PREFER_LIVE_MS ? Math.min(PREFER_LIVE_MS, timeoutMs) : timeoutMs) - waitedMs,
        signal,
      );
    }
  }

  async *watch({ signal }: Pick<WaitOptions, 'signal'> = {}): AsyncIterableIterator<ServiceSnapshot, undefined> {
    let last: ServiceSnapshot | undefined;
    while (!this.#isClosed) {
      signal?.throwIfAborted();
      const found = this.snapshot();
      if (found.source !== 'none' && (last === undefined || isNews(last, found))) {
        last = found;
        yield found;
      } else {
        await this.#next(undefined, signal);
      }
    }
    return undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsubscribe();
    this.#cancelExpiry();
    this.#calls?.close();
    this.#wake();
    this.#plan.onClose();
  }

  /** From the first call on, the balancer learns of each answer. */
  get calls(): ServiceCalls {
    return (this.#calls ??= this.#openCalls());
  }

  /** Whether it is worth while to look for an instance now. */
  get isAnswered(): boolean {
    return this.#isClosed || this.#isSettled || this.snapshot().instances.length > 0;
  }

  /** Resolves once `isAnswered`, or after 5 s; rejects with the signal's reason. Holds the process open until then. */
  async untilAnswered(signal?: AbortSignal): Promise<void> {
    const { clock } = this.#plan;
    const endsAt = clock.now() + READY_WITHIN_MS;
    const release = clock.hold();
    try {
      while (!this.isAnswered && clock.now() < endsAt) await this.#next(endsAt - clock.now(), signal);
    } finally {
      release();
    }
  }

  #openCalls(): ServiceCalls {
    const { selection, clock, random, watch } = this.#plan;
    const calls = new ServiceCalls({
      service: this.name,
      selection,
      clock,
      random,
      events: this.events,
      explain: () =>
        this.#isClosed
          ? `${this.name} is closed, so it has no instance: ask the resolver for it again`
          : explainAbsence(this.snapshot(), { picture: watch.picture }),
      onRefused: (instance) => {
        watch.refused(instance);
      },
    });
    if (!this.#isClosed) this.#inform(calls);
    return calls;
  }

  /** The registry has said something, or is known not to answer, and the disk has been read. */
  get #isSettled(): boolean {
    return this.#hasLoaded && this.#plan.watch.picture.state !== 'connecting';
  }

  get #level(): Level {
    const { watch, clock, selection } = this.#plan;
    const saved = this.#saved && {
      instances: this.#saved.instances,
      ageMs: Math.max(0, clock.wallTime() - this.#saved.savedAt),
    };
    const { fixed, maxAgeMs } = selection;
    return chooseLevel({ picture: watch.picture, saved, fixed, maxAgeMs, now: clock.now() });
  }

  get #presence(): ServicePresence {
    const { instances, wasSeen } = this.#plan.watch.picture;
    const known = instances ?? this.#saved?.instances;
    if (known === undefined) return 'unknown';
    if (known.length > 0) return 'present';
    return wasSeen || this.#saved !== undefined ? 'gone' : 'never-seen';
  }

  /** Emits `changed` and wakes those who wait, if there is news. */
  #refresh(): void {
    if (this.#isClosed) return;
    const found = this.snapshot();
    this.#watchExpiry(found);
    const isChanged = isNews(this.#last, found);
    this.#last = found;
    if (this.#calls !== undefined) this.#inform(this.#calls);
    if (isChanged) this.events.emit('changed', found);
    this.#wake();
  }

  #inform(calls: ServiceCalls): void {
    calls.update(this.#filter.filter(this.#level).all, this.#plan.watch.picture.datacenter);
  }

  /** Refreshes when the answer becomes too old, which is no news of the watch. */
  #watchExpiry({ source, ageMs }: ServiceSnapshot): void {
    this.#cancelExpiry();
    this.#cancelExpiry = () => undefined;
    const { selection, clock } = this.#plan;
    const { maxAgeMs } = selection;
    if (maxAgeMs === Infinity || (source !== 'stale' && source !== 'memory' && source !== 'disk')) return;
    this.#cancelExpiry = clock.after(maxAgeMs - ageMs + 1, () => {
      this.#refresh();
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the next poll, close, or after `ms`; rejects with the signal's reason. */
  #next(ms: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(wake);
        cancelTimer();
        removeListener();
      };
      const wake = () => {
        end();
        resolve();
      };
      this.#waiting.add(wake);
      const cancelTimer = ms === undefined ? () => undefined : this.#plan.clock.after(ms, wake);
      const removeListener =
        signal === undefined
          ? () => undefined
          : onAbort(signal, () => {
              end();
              reject(asError(signal.reason));
            });
    });
  }
}

function isNews(before: ServiceSnapshot, now: ServiceSnapshot): boolean {
  return before.instances !== now.instances || before.source !== now.source || before.presence !== now.presence;
}
