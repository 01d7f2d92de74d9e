import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import type { InstanceKey } from '../contracts/service-instance.js';
import { processWide } from '../core/process-wide.js';
import type { Presence } from '../contracts/registry.js';

const LOOK_EVERY_MS = 1_000;

/** An entry that no held poll watches. */
export interface Watched {
  readonly key: InstanceKey & { readonly nonce: string };
  /** How it can be looked for at the moment; undefined: not. */
  readonly presence: () => Presence | undefined;
  /** It is no longer there. */
  readonly onNews: () => void;
}

/** Watches any number of entries by one look a second at each place, so that a loss is not noticed at the next beat only. */
export class BatchWatcher {
  /** Each with the place that showed it last. */
  readonly #watched = new Map<Watched, string | undefined>();
  #looking: AbortController | undefined;

  /** Watches until the signal aborts. */
  watch(watched: Watched, clock: Clock, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#watched.set(watched, undefined);
    signal.addEventListener('abort', () => this.#forget(watched), { once: true });
    if (this.#looking !== undefined) return;
    this.#looking = new AbortController();
    // Rejects when there is nobody left to look for.
    this.#keepLooking(clock, this.#looking.signal).catch(() => undefined);
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    this.#looking?.abort(new StoppedError('there is nothing left to watch'));
    this.#looking = undefined;
  }

  async #keepLooking(clock: Clock, signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(LOOK_EVERY_MS, signal);
      await Promise.all([...this.#places()].map(([place, all]) => this.#look(place, all, signal)));
    }
  }

  #places(): Map<string, Watched[]> {
    const places = new Map<string, Watched[]>();
    for (const watched of this.#watched.keys()) {
      const place = watched.presence()?.place;
      if (place === undefined) continue;
      const there = places.get(place);
      if (there === undefined) places.set(place, [watched]);
      else there.push(watched);
    }
    return places;
  }

  async #look(place: string, all: readonly Watched[], signal: AbortSignal): Promise<void> {
    const shown = await all[0]
      ?.presence()
      ?.present(
        all.map(({ key }) => key),
        signal,
      )
      .catch(() => undefined);
    // No answer says nothing of the entries: the beats will see to it.
    if (shown === undefined) return;
    for (const watched of all) {
      if (!this.#watched.has(watched)) continue;
      const wasShown = this.#watched.get(watched) === place;
      const isShown = shown.has(watched.key.nonce);
      this.#watched.set(watched, isShown ? place : undefined);
      // A token without the right to read is shown an empty list: only what was there before can have gone.
      if (wasShown && !isShown) watched.onNews();
    }
  }
}

/** Of this process: its Registrars share the looks. */
export const processBatchWatcher = (): BatchWatcher => processWide('batch watcher', () => new BatchWatcher());
