import { setMaxListeners } from 'node:events';
import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import type { InstanceKey } from '../contracts/service-instance.js';
import { processWide } from '../core/process-wide.js';
import type { Presence } from '../contracts/registry.js';

const LOOK_EVERY_MS = 1_000;

/** An entry that no long poll watches. */
export interface Watched {
  readonly key: InstanceKey & { readonly nonce: string };
  /** How to look for it now; undefined when that is not possible. */
  readonly presence: () => Presence | undefined;
  /** Called when the entry is no longer there. */
  readonly onNews: () => void;
}

/**
 * Watches any number of entries with one request a second per registry, so that a loss is noticed before the next
 * beat.
 */
export class BatchWatcher {
  /** Every watched entry with the registry that showed it last. */
  readonly #watched = new Map<Watched, string | undefined>();
  #looking: AbortController | undefined;

  /** Watches the entry until the signal aborts. */
  watch(watched: Watched, clock: Clock, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#watched.set(watched, undefined);
    onAbort(signal, () => this.#forget(watched));
    if (this.#looking !== undefined) return;
    this.#looking = new AbortController();
    // Each registry is asked under this signal, and Node warns of a leak from the eleventh on.
    setMaxListeners(0, this.#looking.signal);
    // Rejects when nothing is left to watch.
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
    // Without an answer nothing is known about the entries; the beats notice a loss.
    if (shown === undefined) return;
    for (const watched of all) {
      if (!this.#watched.has(watched)) continue;
      const wasShown = this.#watched.get(watched) === place;
      const isShown = shown.has(watched.key.nonce);
      this.#watched.set(watched, isShown ? place : undefined);
      // A token without read rights gets an empty list, so only an entry that was shown before can be gone.
      if (wasShown && !isShown) watched.onNews();
    }
  }
}

/** The watcher that all Registrars of this process share. */
export const processBatchWatcher = (): BatchWatcher => processWide('batch watcher', () => new BatchWatcher());
