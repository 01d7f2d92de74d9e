import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;

/** Calls the service all the time and records the requests that fail. */
export class Client {
  readonly #url: string;
  readonly #failures: string[] = [];
  readonly #stopped = new AbortController();
  readonly #calls: Promise<void>;
  #answered = 0;

  constructor(url: string) {
    this.#url = url;
    this.#calls = this.#run();
  }

  get answered(): number {
    return this.#answered;
  }

  get failures(): readonly string[] {
    return this.#failures;
  }

  /** Stops calling. Resolves with the last answer. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#calls;
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        const response = await fetch(this.#url);
        await response.text();
        if (response.ok) this.#answered += 1;
        else this.#failures.push(`HTTP ${response.status}`);
      } catch (error) {
        this.#failures.push(error instanceof Error ? error.message : String(error));
      }
      await sleep(EVERY_MS, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    }
  }
}
