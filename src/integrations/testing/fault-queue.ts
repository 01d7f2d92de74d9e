import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';

/** `request`: from the client to the server; `answer`: from the server to the client. */
export type Side = 'request' | 'answer';

/** A fault of a connection. `reset` and `refuse` affect whole connections, the others their bytes. */
export type Fault =
  | { readonly kind: 'pass' | 'reset' | 'refuse' }
  | { readonly kind: 'delay'; readonly requestMs: number; readonly answerMs: number }
  | { readonly kind: 'stall'; readonly side: Side | 'both' }
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number };

interface Item {
  /** Bytes, or the end of the connection: normal, or with a reset. */
  readonly content: Buffer | 'end' | 'reset';
  readonly receivedAt: number;
}

/** One direction of a connection: a queue that forwards its items as the current fault allows. */
export class FaultQueue {
  readonly #side: Side;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #clock: Clock;
  readonly #fault: () => Fault;
  readonly #queue: Item[] = [];
  #cancelTimer: (() => void) | undefined;
  #nextPieceAt = 0;
  #forwardedBytes = 0;

  constructor(side: Side, from: Socket, to: Socket, clock: Clock, fault: () => Fault) {
    this.#side = side;
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    this.#fault = fault;
  }

  /** True while items are queued. */
  get isWaiting(): boolean {
    return this.#queue.length > 0;
  }

  push(content: Item['content']): void {
    this.#queue.push({ content, receivedAt: this.#clock.now() });
    this.flush();
  }

  /** Resets the count of bytes, for the next answer. */
  beginAnswer(): void {
    this.#forwardedBytes = 0;
  }

  /** Forwards the items that are due; called at every change of the fault too. */
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
      this.#forward(head, fault);
    }
  }

  /** Discards the queued items. */
  stop(): void {
    this.#cancelTimer?.();
    this.#queue.length = 0;
  }

  #dueAt(item: Item, fault: Fault): number {
    if (fault.kind === 'delay') return item.receivedAt + (this.#side === 'request' ? fault.requestMs : fault.answerMs);
    if (fault.kind === 'drip' && this.#side === 'answer') return this.#nextPieceAt;
    return item.receivedAt;
  }

  #forward({ content, receivedAt }: Item, fault: Fault): void {
    if (this.#to.destroyed) return;
    if (content === 'end') {
      this.#to.end();
    } else if (content === 'reset') {
      this.#to.resetAndDestroy();
    } else if (
      this.#side === 'answer' &&
      fault.kind === 'cut' &&
      this.#forwardedBytes + content.length > fault.afterBytes
    ) {
      this.#to.end(content.subarray(0, Math.max(0, fault.afterBytes - this.#forwardedBytes)));
      this.#queue.length = 0;
      this.#from.destroy();
    } else if (this.#side === 'answer' && fault.kind === 'drip' && content.length > fault.bytes) {
      this.#queue.unshift({ content: content.subarray(fault.bytes), receivedAt });
      this.#write(content.subarray(0, fault.bytes));
      this.#nextPieceAt = this.#clock.now() + fault.everyMs;
    } else {
      this.#write(content);
      if (fault.kind === 'drip') this.#nextPieceAt = this.#clock.now() + fault.everyMs;
    }
  }

  #write(bytes: Buffer): void {
    this.#forwardedBytes += bytes.length;
    if (this.#to.write(bytes)) return;
    this.#from.pause();
    this.#to.once('drain', () => this.#from.resume());
  }
}
