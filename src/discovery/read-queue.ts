import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { asError } from '../core/errors.js';

/** How many reads are under way at once; the requests of Registrars share their connections. */
const MOST_READS = 4;
/** In this time each service is read again, whatever the feeds say. */
const REVIEW_WITHIN_MS = 300_000;
const LEAST_BETWEEN_REVIEWS_MS = 100;

/** A service that is read when it is its turn. */
export interface QueuePart {
  /**
   * Resolves when the service must be read; at once, as far as there is room, with `isDue`. The caller calls `end`
   * after the read. Rejects with the signal's reason, or when the feeds fail.
   */
  turn(isDue: boolean, signal: AbortSignal): Promise<ReadTurn>;
  /** Called once. */
  leave(): void;
}

export interface ReadTurn {
  /** The history of the registry began anew since the last turn. */
  readonly restarted: boolean;
  readonly end: () => void;
}

interface Part {
  readonly service: string;
  /** `named`: a feed named it; `later`: any service may have changed. */
  due: 'named' | 'later' | undefined;
  restarted: boolean;
  waiter: { readonly grant: () => void; readonly fail: (error: Error) => void } | undefined;
}

/** Lets services be read a few at a time: first those that are known to have changed, then those that may have. */
export class ReadQueue {
  readonly #clock: Clock;
  /** The one whose turn was longest ago first. */
  readonly #parts = new Set<Part>();
  readonly #named = new Set<Part>();
  readonly #later = new Set<Part>();
  #isOpen = false;
  #reading = 0;
  #sweep: { readonly since: number; readonly onDone: (tookMs: number) => void } | undefined;
  #cancelReview: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#parts.size;
  }

  join(service: string): QueuePart {
    const part: Part = { service, due: undefined, restarted: false, waiter: undefined };
    this.#parts.add(part);
    return {
      turn: (isDue, signal) => this.#turn(part, isDue, signal),
      leave: () => {
        this.#parts.delete(part);
        this.#forget(part);
      },
    };
  }

  /** Turns are given from now on. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#review();
    this.#grant();
  }

  /** No turns until `open`. Those who wait fail. */
  close(error: Error): void {
    this.#isOpen = false;
    this.#cancelReview();
    this.#sweep = undefined;
    for (const part of this.#parts) {
      part.due = 'later';
      part.waiter?.fail(error);
    }
  }

  /** These have changed. A registry may ignore case. */
  name(services: ReadonlySet<string>): void {
    const names = new Set([...services].map((service) => service.toLowerCase()));
    for (const part of this.#parts) if (names.has(part.service.toLowerCase())) this.#mark(part, 'named');
    this.#grant();
  }

  /** Any may have changed. `onDone` is called once all were read. */
  sweep(onDone: (tookMs: number) => void): void {
    for (const part of this.#parts) this.#mark(part, part.due ?? 'later');
    this.#sweep = { since: this.#clock.now(), onDone };
    this.#grant();
  }

  /** What is absent in the next reads may be lost. */
  restart(): void {
    for (const part of this.#parts) part.restarted = true;
  }

  #turn(part: Part, isDue: boolean, signal: AbortSignal): Promise<ReadTurn> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(asError(signal.reason));
        return;
      }
      const end = () => {
        part.waiter = undefined;
        this.#forget(part);
        removeListener();
      };
      const fail = (error: Error) => {
        end();
        reject(error);
      };
      part.waiter = {
        fail,
        grant: () => {
          end();
          const { restarted } = part;
          part.due = undefined;
          part.restarted = false;
          this.#parts.delete(part);
          this.#parts.add(part);
          resolve({ restarted, end: this.#begin() });
        },
      };
      const removeListener = onAbort(signal, () => {
        fail(asError(signal.reason));
      });
      this.#mark(part, isDue ? (part.due ?? 'later') : part.due);
      this.#grant();
    });
  }

  #begin(): () => void {
    this.#reading += 1;
    return () => {
      this.#reading -= 1;
      this.#grant();
    };
  }

  #mark(part: Part, due: Part['due']): void {
    part.due = due;
    if (part.waiter === undefined || due === undefined) return;
    this.#later.delete(part);
    (due === 'named' ? this.#named : this.#later).add(part);
  }

  #forget(part: Part): void {
    this.#named.delete(part);
    this.#later.delete(part);
  }

  #grant(): void {
    while (this.#isOpen && this.#reading < MOST_READS) {
      const [part] = this.#named.size > 0 ? this.#named : this.#later;
      if (part === undefined) break;
      part.waiter?.grant();
    }
    if (this.#sweep === undefined || this.#reading > 0 || this.#later.size > 0) return;
    const { since, onDone } = this.#sweep;
    this.#sweep = undefined;
    onDone(this.#clock.now() - since);
  }

  /** Reads one after the other again and again, in case a feed misses a change. */
  #review(): void {
    const everyMs = Math.max(LEAST_BETWEEN_REVIEWS_MS, REVIEW_WITHIN_MS / Math.max(1, this.#parts.size));
    this.#cancelReview = this.#clock.after(everyMs, () => {
      const [oldest] = this.#parts;
      if (oldest !== undefined) this.#mark(oldest, oldest.due ?? 'later');
      this.#grant();
      this.#review();
    });
  }
}
