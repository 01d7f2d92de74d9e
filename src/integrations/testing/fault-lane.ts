import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';

/** `request`: from the client to the server; `answer`: the way back. */
export type Side = 'request' | 'answer';

/** What is wrong with a connection, as data. `reset` and `refuse` concern whole connections, the others what flows in them. */
export type Fault =
  | { readonly kind: 'pass' | 'reset' | 'refuse' }
  | { readonly kind: 'delay'; readonly requestMs: number; readonly answerMs: number }
  | { readonly kind: 'stall'; readonly side: Side | 'both' }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number };

interface Item {
  /** Bytes, or the end of the connection: orderly, or with a reset. */
  readonly what: Buffer | 'end' | 'reset';
  readonly at: number;
}

/** One direction of one connection: a queue that lets through what the fault of the moment lets through. */
export class Lane {
  readonly #side: Side;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #clock: Clock;
  readonly #fault: () => Fault;
  readonly #queue: Item[] = [];
  #cancelTimer: (() => void) | undefined;
  #nextDropAt = 0;
  #passed = 0;

  constructor(side: Side, from: Socket, to: Socket, clock: Clock, fault: () => Fault) {
    this.#side = side;
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#fault = fault;
  }

  /** True while bytes wait here. */
  get placement(): boolean {
    return this.#queue.length > 0;
  }

  push(what: Item['what']): void {
    this.#queue.push({ what, at: this.#clock.now() });
    this.flush();
  }

  /** The bytes of an answer are counted from here. */
  beginAnswer(): void {
    this.#passed = 0;
  }

  /** Lets through what may go now; called at every change of the fault, too. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const fault = this.#fault();
      if (fault.kind === 'stall' && (fault.side === 'both' || fault.side === this.#side)) return;
      const wait = this.#dueAt(head, fault) - this.#clock.now();
      if (wait > 0) {
        this.#cancelTimer = this.#clock.after(Math.ceil(wait), () => this.flush());
        return;
      }
      this.#queue.shift();
      this.#let(head, fault);
    }
  }

  /** Forgets what it holds. */
  stop(): void {
    this.#cancelTimer?.();
    this.#queue.length = 0;
  }

  #dueAt(item: Item, fault: Fault): number {
    if (fault.kind === 'delay') return item.at + (this.#side === 'request' ? fault.requestMs : fault.answerMs);
    if (fault.kind === 'drip' && this.#side === 'answer') return this.#nextDropAt;
    return item.at;
  }

  #let({ what, at }: Item, fault: Fault): void {
    if (this.#to.destroyed) return;
    if (what === 'end') {
      this.#to.end();
    } else if (what === 'reset') {
      this.#to.resetAndDestroy();
    } else if (this.#side === 'answer' && fault.kind === 'cut' && this.#passed + what.length > fault.afterBytes) {
      this.#to.end(what.subarray(0, Math.max(0, fault.afterBytes - this.#passed)));
      this.#queue.length = 0;
      this.#from.destroy();
    } else if (this.#side === 'answer' && fault.kind === 'drip' && what.length > fault.bytes) {
      this.#queue.unshift({ what: what.subarray(fault.bytes), at });
      this.#write(what.subarray(0, fault.bytes));
      this.#nextDropAt = this.#clock.now() + fault.everyMs;
    } else {
      this.#write(what);
      if (fault.kind === 'drip') this.#nextDropAt = this.#clock.now() + fault.everyMs;
    }
  }

  #write(bytes: Buffer): void {
    this.#passed += bytes.length;
    if (this.#to.write(bytes)) return;
    this.#from.pause();
    this.#to.once('drain', () => this.#from.resume());
  }
}
