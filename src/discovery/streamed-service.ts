import type { DiscoveredInstance, Listing, RegistryNews } from '../contracts/discovery.js';
import { untilNotified } from '../core/abort.js';
import type { Clock } from '../core/clock.js';

/** How long the change that a hint belongs to may come after it. */
const HINT_SETTLES_MS = 100;
/** A list instead of a change that many revisions back: the registry would go through all of them. */
const MOST_BEHIND = 10_000;
/** Far more changes than come between a hint and its change. */
const MOST_REMEMBERED = 1_000;

/**
 * What a stream says of a service. `changed`: its instances are others; `confirmed`: they are as they were; `list`:
 * only a list shows how they are; `lost`: the same, and the service has to be followed anew; `restarted`: the same,
 * since the registry's history begins anew.
 */
export type StreamedNews = 'changed' | 'confirmed' | 'list' | 'lost' | 'restarted';

/** Of several news, the one of most weight counts. */
const weights: Readonly<Record<StreamedNews, number>> = { confirmed: 0, changed: 1, list: 2, lost: 3, restarted: 4 };

/** One service as the streams of its registry tell it. */
export class StreamedService {
  readonly service: string;
  readonly #clock: Clock;
  readonly #onLeave: (left: StreamedService) => void;
  readonly #changedAt = new Set<number>();
  readonly #hints = new Set<number>();
  #byId: Map<string, DiscoveredInstance>;
  #revision: number | undefined;
  #listedAt: number | undefined;
  #isTold = false;
  #news: StreamedNews | undefined;
  #error: Error | undefined;
  #wake: () => void = () => undefined;
  #cancelHints: (() => void) | undefined;

  constructor(
    service: string,
    listing: Listing,
    { clock, onLeave }: { readonly clock: Clock; readonly onLeave: (left: StreamedService) => void },
  ) {
    this.service = service;
    this.#byId = byId(listing.instances);
    this.#revision = this.#listedAt = listing.revision;
    this.#clock = clock;
    this.#onLeave = onLeave;
  }

  get instances(): DiscoveredInstance[] {
    return [...this.#byId.values()];
  }

  /** The latest revision of the service that is known; undefined if the registry gives hints only. */
  get revision(): number | undefined {
    return this.#revision;
  }

  /**
   * Resolves to the next news; after `pollMs` to `list` while no stream tells every change. Rejects with the error of
   * the stream, after which there is no news any more, and with the signal's reason.
   */
  async next(pollMs: number, signal: AbortSignal): Promise<StreamedNews> {
    if (this.#news === undefined && this.#error === undefined)
      await untilNotified((notify) => {
        const cancel = this.#isTold ? undefined : this.#clock.after(pollMs, () => this.#tell('list'));
        this.#wake = notify;
        return () => {
          cancel?.();
          this.#wake = () => undefined;
        };
      }, signal);
    if (this.#error !== undefined) throw this.#error;
    const news = this.#news ?? 'confirmed';
    this.#news = undefined;
    return news;
  }

  /** True while a stream tells every change. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /**
   * A list has shown how the service is. Returns true if the registry's history has begun anew. While a stream tells
   * every change, it may have told more than an older list says.
   */
  listed({ instances, revision }: Listing): boolean {
    const isOlder = revision !== undefined && this.#revision !== undefined && revision < this.#revision;
    if (isOlder && this.#isTold) return false;
    this.#byId = byId(instances);
    this.#revision = this.#listedAt = revision;
    return isOlder;
  }

  /** Takes what a stream says. News of the past is no news, since streams that follow each other overlap. */
  take(news: RegistryNews): void {
    if (news.kind === 'open') this.#opened(news.revision);
    else if (news.kind === 'lost') this.#tell('lost');
    else if (news.kind === 'hint') this.#hinted(news.revision);
    else if (this.#revision !== undefined && news.revision > this.#revision) {
      this.#revision = news.revision;
      if (this.#changedAt.size >= MOST_REMEMBERED) this.#changedAt.clear();
      this.#changedAt.add(news.revision);
      for (const id of news.gone) this.#byId.delete(id);
      for (const instance of news.present) this.#byId.set(instance.id, instance);
      this.#tell('changed');
    }
  }

  fail(error: Error): void {
    this.#error = error;
    this.#end();
    this.#wake();
  }

  leave(): void {
    this.#end();
    this.#onLeave(this);
  }

  #opened(revision: number | undefined): void {
    if (this.#revision === undefined || revision === undefined) return;
    this.#isTold = true;
    if (revision < this.#revision) this.#tell('restarted');
    else this.#tell(revision - this.#revision > MOST_BEHIND ? 'list' : 'confirmed');
  }

  #hinted(revision: number | undefined): void {
    if (revision === undefined) {
      this.#tell('list');
      return;
    }
    if (this.#listedAt !== undefined && revision <= this.#listedAt) return;
    this.#hints.add(revision);
    this.#cancelHints ??= this.#clock.after(HINT_SETTLES_MS, () => {
      this.#cancelHints = undefined;
      const isUnexplained = [...this.#hints].some((each) => !this.#changedAt.has(each));
      this.#hints.clear();
      if (isUnexplained) this.#tell('list');
    });
  }

  #tell(news: StreamedNews): void {
    if (this.#news === undefined || weights[news] > weights[this.#news]) this.#news = news;
    this.#wake();
  }

  #end(): void {
    this.#cancelHints?.();
    this.#cancelHints = undefined;
  }
}

function byId(instances: readonly DiscoveredInstance[]): Map<string, DiscoveredInstance> {
  return new Map(instances.map((instance) => [instance.id, instance]));
}
