import type { RegistrarError } from '../core/errors.js';

/** One thing that the start waits for. */
export interface StartStep {
  /** For people, e.g. `the server to listen`. */
  readonly waitingFor: string;
  /** Why it has not come yet; undefined when nothing has gone wrong. */
  readonly problem: () => RegistrarError | undefined;
}

/** What the start waits for now; undefined between two steps and once it is over. */
export class StartProgress {
  #step: StartStep | undefined;

  get waitingFor(): string | undefined {
    return this.#step?.waitingFor;
  }

  get problem(): RegistrarError | undefined {
    return this.#step?.problem();
  }

  /** Waits for `work` as one step. Settles as `work` does. */
  async during<T>(step: StartStep, work: () => Promise<T>): Promise<T> {
    this.#step = step;
    try {
      return await work();
    } finally {
      this.#step = undefined;
    }
  }
}
