import { StoppedError, asError } from '../core/errors.js';
import { isAnswer } from './is-answer.js';

/** Refuses what is asked after a close, and names the close as the cause where it cut something off. */
export class CloseGuard {
  readonly #name: string;
  #closed = false;

  /** `name`: of what is closed, e.g. the registry. */
  constructor(name: string) {
    this.#name = name;
  }

  close(): void {
    this.#closed = true;
  }

  /** Throws `StoppedError` once closed. */
  assertOpen(operation: string): void {
    if (this.#closed) throw this.#refusal(operation);
  }

  /** Runs `verb`. Rejects with the signal's reason, with `StoppedError` once closed, or as `verb` does. */
  async run<T>(operation: string, signal: AbortSignal, verb: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.assertOpen(operation);
    try {
      return await verb();
    } catch (thrown) {
      signal.throwIfAborted();
      throw this.explained(operation, asError(thrown));
    }
  }

  /** What to reject with instead of `error`: after a close, anything but an answer of the registry comes from that. */
  explained(operation: string, error: Error): Error {
    return this.#closed && !isAnswer(error) ? this.#refusal(operation, error) : error;
  }

  #refusal(operation: string, cause?: Error): StoppedError {
    const message = `${this.#name} is closed and can no longer ${operation}: make a new one to go on`;
    return new StoppedError(message, { registry: this.#name, operation, cause });
  }
}
