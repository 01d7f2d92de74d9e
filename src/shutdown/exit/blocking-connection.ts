import { readSync, writeSync } from 'node:fs';
import type { DepartureAnswer, OpenConnection } from '../../contracts/departure.js';
import { descriptorOf } from './descriptor.js';
import type { TimeLeft } from './time-left.js';
import { parseAnswer } from './http-answer.js';
import { nap } from './nap.js';

const NAP_MS = 0.25;
const READ_BYTES = 16 * 1024;
/** The process must end, so an answer without end gets no more. */
const LONGEST_ANSWER_BYTES = 1024 * 1024;

/** Why there is no answer: the connection has ended, or the time is up. */
export type NoAnswer = 'ended' | 'late';

/** A connection that this thread uses without the event loop: it writes at once and blocks while it waits. */
export class BlockingConnection {
  readonly #connection: OpenConnection;
  readonly #descriptor: number | undefined;
  #pending: number;
  #received = Buffer.alloc(0);
  #latest: DepartureAnswer | NoAnswer = 'late';

  constructor(connection: OpenConnection) {
    this.#connection = connection;
    this.#descriptor = descriptorOf(connection.socket);
    this.#pending = connection.pending;
  }

  /** False: requests can be written, and no answer can be read. */
  get isReadable(): boolean {
    return this.#descriptor !== undefined;
  }

  /**
   * Writes a request; where no answer can be read, `flush()` sends it. False when the connection has ended, or when it
   * takes no more bytes in time.
   */
  send(request: Buffer, leftMs: TimeLeft): boolean {
    const { socket } = this.#connection;
    if (this.#latest === 'ended' || !socket.writable) return false;
    this.#pending += 1;
    if (this.#descriptor !== undefined) return writeAll(this.#descriptor, request, leftMs);
    // TLS encrypts once a turn of the event loop, and this is the last one: all requests must go together.
    if (socket.writableCorked === 0) socket.cork();
    socket.write(request);
    return true;
  }

  /** The stream hands what was written to the system before this returns. */
  flush(): void {
    const { socket } = this.#connection;
    while (socket.writableCorked > 0) socket.uncork();
  }

  /** Waits for the answers to all requests that were sent, and returns the last one. */
  receive(leftMs: TimeLeft): DepartureAnswer | NoAnswer {
    while (this.#pending > 0) {
      const parsed = parseAnswer(this.#received);
      if (parsed !== undefined) {
        this.#received = Buffer.from(parsed.rest);
        this.#pending -= 1;
        this.#latest = parsed.answer;
        continue;
      }
      const bytes = this.#read();
      if (bytes === 'ended' || this.#received.length > LONGEST_ANSWER_BYTES) return (this.#latest = 'ended');
      if (bytes !== undefined) this.#received = Buffer.concat([this.#received, bytes]);
      else if (leftMs() === 0) return 'late';
      else nap(NAP_MS);
    }
    return this.#latest;
  }

  /** Undefined when nothing has arrived. */
  #read(): Buffer | 'ended' | undefined {
    const bytes = Buffer.alloc(READ_BYTES);
    try {
      const length = readSync(this.#descriptor as number, bytes);
      return length === 0 ? 'ended' : bytes.subarray(0, length);
    } catch (error) {
      return isFull(error) ? undefined : 'ended';
    }
  }
}

function writeAll(descriptor: number, bytes: Buffer, leftMs: TimeLeft): boolean {
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if (!isFull(error) || leftMs() === 0) return false;
      nap(NAP_MS);
    }
  }
  return true;
}

/** The descriptor does not block, so it says that there is nothing to read, or no room to write. */
function isFull(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'EAGAIN';
}
