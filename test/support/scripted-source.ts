import type { ConfigSource, SourceReading } from '../../src/contracts/config-source.js';
import { asError } from '../../src/core/errors.js';

/** A config source in the test's hands: holds a poll until `say` is called, as a well-behaved one does. */
export class ScriptedSource implements ConfigSource {
  readonly name = 'script';
  readonly holdMs?: number;
  /** Cursors of all polls, in order. */
  readonly polls: (string | undefined)[] = [];
  closed = 0;
  /** Polls that wait. */
  active = 0;
  /** Every poll fails with this. */
  failure: Error | undefined;
  /** No poll is ever answered. */
  hung = false;
  /** Held polls are not told of anything, as on a dead connection. */
  deaf = false;
  /** Answers at once, cursor or not. */
  restless = false;
  /** Gives no cursor. */
  forgetful = false;
  #version = 1;
  #reading: SourceReading;
  #wake: (() => void)[] = [];

  constructor(values?: unknown) {
    this.#reading = { values };
  }

  say(values: unknown): void {
    this.become({ values });
  }

  become(reading: SourceReading): void {
    this.#reading = reading;
    this.#version += 1;
    if (!this.deaf) for (const wake of this.#wake.splice(0)) wake();
  }

  async poll(cursor: string | undefined, signal: AbortSignal): Promise<SourceReading> {
    this.polls.push(cursor);
    if (this.failure !== undefined) throw this.failure;
    if (this.hung || (cursor === String(this.#version) && !this.restless)) await this.#wait(signal);
    return { ...this.#reading, ...(!this.forgetful && { cursor: String(this.#version) }) };
  }

  close(): Promise<void> {
    this.closed += 1;
    return Promise.resolve();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    this.active += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        if (!this.hung) this.#wake.push(resolve);
        signal.addEventListener('abort', () => {
          reject(asError(signal.reason));
        });
      });
    } finally {
      this.active -= 1;
    }
  }
}
