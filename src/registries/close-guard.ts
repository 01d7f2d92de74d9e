import { StoppedError, asError } from '../core/errors.js';
import { isAnswer } from './is-answer.js';

/** Rejects calls after a close, and reports a call that a close cut off as such. */
export class CloseGuard {
  readonly #name: string;
  #closed = false;

  /** `name`: the name of the guarded object, e.g. of the registry. */
  constructor(name: string) {
    this.#name = name;
  }

  close(): void {
    this.#closed = true;
  }

  /** Throws `StoppedError` once closed. */
  assertOpen(operation: string): void {
    if (this.#closed) throw this.#stoppedError(operation);
  }

  /** Runs `verb`. Rejects with the signal's reason on abort, with `StoppedError` after a close, or as `verb` does. */
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

  /**
   * The error to reject with instead of `error`: after a close, the close explains every error but an answer of the
   * registry.
   */
  explained(operation: string, error: Error): Error {
    return this.#closed && !isAnswer(error) ? this.#stoppedError(operation, error) : error;
  }

  #stoppedError(operation: string, cause?: Error): StoppedError {
    const message = `${this.#name} is closed, so it cannot ${operation}: create a new one to go on`;
    return new StoppedError(message, { registry: this.#name, operation, cause });
  }
}
