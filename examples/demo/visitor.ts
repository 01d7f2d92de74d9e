import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;

/** Somebody who calls the service all the time, and notes every request that was not answered. */
export class Visitor {
  readonly #url: string;
  readonly #failures: string[] = [];
  readonly #gone = new AbortController();
  readonly #visits: Promise<void>;
  #answered = 0;

  constructor(url: string) {
    this.#url = url;
    this.#visits = this.#visit();
  }

  get answered(): number {
    return this.#answered;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Resolves when the last answer has come. */
  async leave(): Promise<void> {
    this.#gone.abort();
    await this.#visits;
  }

  async #visit(): Promise<void> {
    while (!this.#gone.signal.aborted) {
      try {
        const response = await fetch(this.#url);
        await response.text();
        if (response.ok) this.#answered += 1;
        else this.#failures.push(`HTTP ${response.status}`);
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
      await sleep(EVERY_MS, undefined, { signal: this.#gone.signal }).catch(() => undefined);
    }
  }
}
