import type { DiscoveredInstance, ReadOptions } from '../contracts/discovery.js';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { ServiceEvents } from '../contracts/service-snapshot.js';
import type { Clock } from '../core/clock.js';
import type { RegistrarError } from '../core/errors.js';
import { mergeById } from '../registries/merge-by-id.js';
import { doubtEndsAt, incarnationOf, judgeDoubt } from './judge-doubt.js';
import type { Doubt } from './judge-doubt.js';
import type { Source } from './source-poll.js';
import { SourceWatch } from './source-watch.js';
import type { PollEvent } from './source-watch.js';
import { StableInstances } from './stable-instances.js';
import type { WatchState } from './watch-state.js';

/** How long after the first answer what was saved may still arrive from a slow disk. */
const SEED_WITHIN_MS = 5_000;

/** What a watch knows now. Times are on the monotonic clock. */
export interface Picture {
  /** Of the preferred registry. */
  readonly state: WatchState;
  /** The preferred registry answers, although without a leader. */
  readonly isLeaderless: boolean;
  /** All that is known, of whatever age; undefined before the first answer. */
  readonly instances: readonly ResolvedInstance[] | undefined;
  /** When the preferred registry last answered; undefined: never. */
  readonly answeredAt: number | undefined;
  /** What the other registries of a chain say now; undefined if none of them answers. */
  readonly others: { readonly instances: readonly ResolvedInstance[]; readonly answeredAt: number } | undefined;
  /** True once the service had an instance. */
  readonly wasSeen: boolean;
  /** How many instances stay only because their absence is doubted. */
  readonly doubted: number;
  /** Of the preferred registry; undefined: it does not tell. */
  readonly datacenter: string | undefined;
  /** Why the preferred registry does not answer. */
  readonly problem: RegistrarError | undefined;
}

/** What listeners of a watch are told: the picture has changed, or was confirmed, or an event of `ServiceEvents`. */
export type WatchNews =
  | { readonly kind: 'polled' }
  | { [Name in 'stale' | 'recovered' | 'doubted']: { readonly kind: Name } & ServiceEvents[Name] }[
      'stale' | 'recovered' | 'doubted'];

/** A watched service, as its users see it. */
export interface WatchedService {
  readonly picture: Picture;
  /** The returned function ends the subscription. */
  subscribe(listener: (news: WatchNews) => void): () => void;
  /** A connection to the instance was refused: if its absence is doubted, it is gone. */
  refused(instance: Pick<DiscoveredInstance, 'id' | 'nonce'>): void;
}

export interface ServiceWatchPlan {
  readonly service: string;
  /** The preferred registry first. */
  readonly sources: readonly Source[];
  /** The watches of sources that count now. @default all of them */
  readonly select?: (watches: readonly SourceWatch[]) => readonly SourceWatch[];
  readonly options: ReadOptions;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Follows a service in all registries of a chain, or in the only one, and merges what they say. */
export class ServiceWatch implements WatchedService {
  readonly #plan: ServiceWatchPlan;
  readonly #watches: readonly SourceWatch[];
  /** Those that count now, the preferred one first. */
  #sources: readonly SourceWatch[];
  readonly #listeners = new Set<(news: WatchNews) => void>();
  readonly #all = new StableInstances();
  readonly #others = new StableInstances();
  #refused = new Set<string>();
  /** Ids that a registry listed after another one that has them fell silent: the news of the former count. */
  readonly #moved = new Set<string>();
  #given: readonly DiscoveredInstance[] | undefined;
  #seed: readonly ResolvedInstance[] | undefined;
  #isSeeded = false;
  #firstAnsweredAt: number | undefined;
  #doubt: Doubt | undefined;
  #doubted = 0;
  #wasSeen = false;
  #isClosed = false;
  #cancelTimer: () => void = () => undefined;
  #picture: Picture;

  constructor(plan: ServiceWatchPlan) {
    this.#plan = plan;
    const { service, sources, options, clock, random } = plan;
    this.#watches = sources.map((source) => {
      const watch: SourceWatch = new SourceWatch({
        source,
        service,
        options,
        clock,
        random,
        onPolled: (event) => {
          this.#polled(watch, event);
        },
      });
      return watch;
    });
    this.#sources = this.#watches;
    this.#picture = this.#draw();
  }

  get picture(): Picture {
    return this.#picture;
  }

  start(): void {
    for (const source of this.#watches) source.start();
  }

  subscribe(listener: (news: WatchNews) => void): () => void {
    // A wrapper, so that a function added twice counts twice.
    const entry = (news: WatchNews) => {
      listener(news);
    };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /**
   * Takes what was saved before the process began, against which the first answer is judged: a registry that lost its
   * data lists none. Does nothing for a watch that has long had answers of its own.
   */
  seed(saved: readonly ResolvedInstance[]): void {
    const isLate = this.#plan.clock.now() - (this.#firstAnsweredAt ?? Infinity) > SEED_WITHIN_MS;
    if (this.#isClosed || this.#seed !== undefined || isLate) return;
    this.#seed = saved;
    this.#wasSeen = true;
    this.#all.adopt(saved);
    const began = this.#judge();
    if (began !== undefined) this.#tell(began);
    this.#tell({ kind: 'polled' });
  }

  refused(instance: Pick<DiscoveredInstance, 'id' | 'nonce'>): void {
    if (this.#doubt === undefined) return;
    this.#refused.add(incarnationOf(instance));
    this.#judge();
    this.#tell({ kind: 'polled' });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    for (const source of this.#watches) source.close();
    this.#picture = this.#draw();
    this.#listeners.clear();
  }

  /** Other watches may count now. */
  reselect(): void {
    if (this.#isClosed) return;
    this.#judge();
    this.#tell({ kind: 'polled' });
  }

  #polled(source: SourceWatch, event: PollEvent): void {
    const began = this.#judge();
    if (event.kind === 'stale') this.#tell({ kind: 'stale', registry: source.name, error: event.error });
    else if (event.kind === 'recovered')
      this.#tell({ kind: 'recovered', registry: source.name, afterMs: event.afterMs });
    if (began !== undefined) this.#tell(began);
    this.#tell({ kind: 'polled' });
  }

  /** Judges what the registries say now. Returns the news of a doubt that began. */
  #judge(): Extract<WatchNews, { kind: 'doubted' }> | undefined {
    const { clock } = this.#plan;
    this.#select();
    const answer = this.#merged();
    const before = this.#doubt;
    if (answer !== undefined) {
      const troubleAt = this.#troubleAt;
      const given = this.#baseline();
      const now = clock.now();
      const ruling = judgeDoubt({ given, answer, doubt: before, now, troubleAt, refused: this.#refused });
      this.#given = ruling.instances;
      this.#doubt = ruling.doubt;
      this.#doubted = ruling.kept.length;
      this.#wasSeen ||= this.#sources.some(({ hadInstances }) => hadInstances);
      this.#watchDoubt();
    }
    this.#picture = this.#draw();
    if (this.#doubt === undefined || before !== undefined) return undefined;
    return {
      kind: 'doubted',
      vanished: this.#doubt.known.filter(({ id }) => answer?.every((each) => each.id !== id)).map(({ id }) => id),
      known: this.#doubt.known.length,
    };
  }

  /** What another registry has is no answer to what the former one had, so there is nothing to doubt. */
  #select(): void {
    const { select } = this.#plan;
    if (select === undefined) return;
    const selected = select(this.#watches);
    const isSame = selected.length === this.#sources.length && selected.every((each, at) => each === this.#sources[at]);
    if (isSame) return;
    this.#sources = selected;
    this.#doubt = undefined;
    this.#doubted = 0;
    this.#given = undefined;
    this.#moved.clear();
  }

  /**
   * What an answer is judged against. What was saved is part of it once, when each registry has answered or failed, and
   * the preferred one has answered.
   */
  #baseline(): readonly DiscoveredInstance[] {
    const given = this.#given ?? [];
    const hasAnswered = this.#sources[0]?.instances !== undefined;
    if (hasAnswered) this.#firstAnsweredAt ??= this.#plan.clock.now();
    if (this.#seed === undefined || this.#isSeeded || !hasAnswered) return given;
    if (this.#sources.some(({ state }) => state === 'connecting')) return given;
    this.#isSeeded = true;
    return mergeById([given, this.#seed]);
  }

  /** Judges again when the doubt is over, since a registry with long polls may be silent until then. */
  #watchDoubt(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => undefined;
    if (this.#doubt === undefined) {
      this.#refused = new Set();
      return;
    }
    const { clock } = this.#plan;
    const waitMs = doubtEndsAt(this.#doubt, this.#troubleAt) - clock.now();
    this.#cancelTimer = clock.after(Math.max(0, waitMs), () => {
      this.#judge();
      this.#tell({ kind: 'polled' });
    });
  }

  get #troubleAt(): number {
    return Math.max(...this.#sources.map(({ troubleAt }) => troubleAt));
  }

  /** What is listed now, and what the registries that do not answer listed last. */
  #merged(): DiscoveredInstance[] | undefined {
    const answered = this.#sources.filter(({ instances }) => instances !== undefined);
    if (answered.length === 0) return undefined;
    const live = answered.filter(({ state }) => state === 'live');
    const silent = answered.filter(({ state }) => state !== 'live');
    const listed = mergeById(live.map(({ instances = [] }) => instances));
    const remembered = mergeById(silent.map(({ instances = [] }) => instances));
    if (silent.length === 0) this.#moved.clear();
    const rememberedIds = new Set(remembered.map(({ id }) => id));
    for (const { id } of listed) if (rememberedIds.has(id)) this.#moved.add(id);
    return [...listed, ...remembered.filter(({ id }) => !this.#moved.has(id))];
  }

  #draw(): Picture {
    const [preferred, ...rest] = this.#sources;
    const live = rest.filter(({ state }) => state === 'live');
    return {
      state: preferred?.state ?? 'closed',
      instances: this.#given && this.#all.resolve(this.#given),
      isLeaderless: preferred?.isLeaderless ?? false,
      // Confirmed without news where the feeds of a registry show all changes.
      get answeredAt() {
        return preferred?.answeredAt;
      },
      others:
        live.length === 0
          ? undefined
          : {
              instances: this.#others.resolve(mergeById(live.map(({ instances = [] }) => instances))),
              answeredAt: Math.min(...live.map(({ answeredAt = -Infinity }) => answeredAt)),
            },
      wasSeen: this.#wasSeen,
      doubted: this.#doubted,
      datacenter: preferred?.datacenter,
      problem: preferred?.problem,
    };
  }

  #tell(news: WatchNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}
